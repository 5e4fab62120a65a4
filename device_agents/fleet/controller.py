"""The controller of a fleet: keeps Ray's head node alive and answers at the gate.

It runs as ``python -m device_agents.fleet.controller FOLDER ADDRESS PORT [TLS_FOLDER]`` until SIGTERM. It uses no Ray
itself: what needs a connection runs as a process of its own, so that nothing of Ray's can take the controller along.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.folder import FACTS, LOCK, REGISTRY, STATE_STORE, TOKEN, read_object, write_object
from device_agents.fleet.gate import Gate
from device_agents.fleet.gatekeeper import Gatekeeper
from device_agents.fleet.lock import locked
from device_agents.fleet.ports import ControllerPorts, check_free
from device_agents.fleet.processes import ChildProcess
from device_agents.fleet.ray_folder import fresh_ray_folder
from device_agents.fleet.ray_nodes import start_head
from device_agents.fleet.ray_settings import without_secrets
from device_agents.fleet.reach import way_back
from device_agents.fleet.registry import Registry
from device_agents.fleet.software import own_software
from device_agents.fleet.tls import TlsFiles
from device_agents.fleet.token import make_token

HEAD_S = 60.0
ADMISSION_S = 700.0
FAREWELL_S = 10.0
RUNS_ALREADY = "a controller runs already on this machine; see `protran fleet status`"


class Controller:
    """One controller; `run` returns when it was asked to end.

    Args:
        folder: the fleet's folder.
        address: IP address to listen on.
        ports: pinned ports.
        tls: certificates.
    """

    def __init__(self, folder: Path, address: str, ports: ControllerPorts, tls: TlsFiles | None) -> None:
        self._folder = folder
        self._address = address
        self._ports = ports
        self._tls = tls
        self._stopping = threading.Event()
        self._starts = 0

    def stop(self) -> None:
        """Asks `run` to return."""
        self._stopping.set()

    def run(self) -> None:
        """Keeps the fleet up.

        Raises:
            DeviceError: another controller runs, an address or a port cannot be used, or Ray does not start.
        """
        with locked(self._folder / LOCK, RUNS_ALREADY):
            token = make_token(self._folder / TOKEN)
            self._forget_other_place()
            write_object(self._folder / FACTS, self._facts())  # now, so that one can end it while it starts
            check_free(self._address, (self._ports.gate,))
            head = self._started_head()
            try:
                with Gate((self._address, self._ports.gate), token, self._gatekeeper().answer, self._tls) as gate:
                    threading.Thread(target=gate.serve_forever, daemon=True).start()
                    while not self._stopping.wait(1.0):
                        head = self._kept_alive(head)
                    gate.shutdown()
            finally:
                head.end(FAREWELL_S)

    def _kept_alive(self, head: ChildProcess) -> ChildProcess:
        if head.alive():
            return head
        _say(f"Ray's head node ended ({head.last_words()}); starting it again")
        head.end(0.0)
        return self._started_head()

    def _started_head(self) -> ChildProcess:
        """Starts Ray; where it does not come up with the state of its last run, without that: devices join again."""
        head = self._attempt()
        if self._comes_up(head):
            return head
        reason = head.last_words()
        head.end(0.0)
        store = self._folder / STATE_STORE
        if store.exists() and not self._stopping.is_set():
            _say(f"Ray does not start ({reason}); trying without the state of its last run")
            store.rename(store.with_name(f"{STATE_STORE}.broken-{time.time_ns()}"))
            head = self._attempt()
            if self._comes_up(head):
                return head
            reason = head.last_words()
            head.end(0.0)
        raise DeviceError(f"Ray does not start: {reason}; free its ports ({self._ports.span}), memory and disk")

    def _attempt(self) -> ChildProcess:
        ray_folder = fresh_ray_folder(f"controller {self._folder.absolute()}")
        check_free(self._address, self._ports.pinned[1:])
        return start_head(self._folder, self._address, self._ports, ray_folder, self._tls)

    def _comes_up(self, head: ChildProcess) -> bool:
        deadline_s = time.monotonic() + HEAD_S
        while head.alive() and time.monotonic() < deadline_s and not self._stopping.is_set():
            if _listens(self._address, self._ports.ray) and _listens(self._address, self._ports.node.first):
                return True
            time.sleep(0.1)
        return False

    def _gatekeeper(self) -> Gatekeeper:
        registry = Registry(self._folder / REGISTRY)
        return Gatekeeper(registry, self._ports.ray, admit=self._admit, reach=way_back, facts=self._facts())

    def _admit(self, name: str, full: bool) -> Mapping[str, Any]:
        command = [sys.executable, "-m", "device_agents.fleet.admission", str(self._folder), name]
        try:
            done = subprocess.run(
                [*command, *(["--full"] if full else [])],
                capture_output=True,
                text=True,
                timeout=ADMISSION_S,
                env=without_secrets(dict(os.environ)),
                check=False,
            )
            found = json.loads(done.stdout.strip().splitlines()[-1])
        except subprocess.TimeoutExpired:
            return {"reason": f"the self-test of {name} did not end within {ADMISSION_S:.0f} s"}
        except (ValueError, IndexError):
            words = " ".join(done.stderr.split())[-300:] or "no output"
            return {"reason": f"the self-test of {name} could not be run: {words}"}
        return dict(found)

    def _facts(self) -> dict[str, Any]:
        return {
            "address": self._address,
            "gate_port": self._ports.gate,
            "ray_port": self._ports.ray,
            "ports": self._ports.span,
            "tls": None if self._tls is None else str(self._tls.folder.absolute()),
            "pid": os.getpid(),
            "software": own_software(),
            "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }

    def _forget_other_place(self) -> None:
        """Ray's state names the address that it was made at: at another one it is of no use."""
        before = read_object(self._folder / FACTS) or {}
        store = self._folder / STATE_STORE
        if store.exists() and (before.get("address"), before.get("ray_port")) != (self._address, self._ports.ray):
            store.rename(store.with_name(f"{STATE_STORE}.other-{time.time_ns()}"))


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}", flush=True)


def main(arguments: list[str]) -> int:
    """Runs the entry; see the module's text."""
    folder, address, port = Path(arguments[0]), arguments[1], int(arguments[2])
    try:
        tls = TlsFiles(Path(arguments[3])) if len(arguments) > 3 else None
        controller = Controller(folder, address, ControllerPorts(port), tls)

        def ended(number: int, frame: FrameType | None) -> None:
            controller.stop()

        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGINT, ended)
        controller.run()
    except DeviceError as error:
        _say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
