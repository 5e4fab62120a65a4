"""Starting, asking and ending the controller of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.addresses import LOOPBACK, check_bind
from device_agents.fleet.fleet_session import FleetPlace, fleet_place
from device_agents.fleet.folder import LOCK, LOG, fleet_folder, private_folder
from device_agents.fleet.handshake import Endpoint, GateClosed, ask
from device_agents.fleet.lock import locked
from device_agents.fleet.ports import CONTROLLER_PORT, ControllerPorts
from device_agents.fleet.ray_settings import without_secrets
from device_agents.fleet.tls import TlsFiles
from device_agents.fleet.token import read_token

START_S = 130.0
STOP_S = 30.0


def start_fleet(address: str = LOOPBACK, port: int = CONTROLLER_PORT, tls: Path | None = None) -> dict[str, Any]:
    """Starts this machine's controller, if it does not run, and returns its facts.

    Raises:
        DeviceError: the address or a port cannot be used, a controller runs with other settings, or Ray does not start.
    """
    certificates = None if tls is None else TlsFiles(tls.absolute())
    check_bind(address, tls=tls is not None)
    ports = ControllerPorts(port)
    folder = private_folder(fleet_folder())
    if runs(folder):
        facts = controller_facts()
        _check_same(facts, address, port, certificates)
        return facts
    return _awaited(folder, *_spawn(folder, address, ports, certificates))


def _check_same(facts: dict[str, Any], address: str, port: int, tls: TlsFiles | None) -> None:
    """Raises `DeviceError` where the controller that runs is not the one that is asked for."""
    secured = None if tls is None else str(tls.folder)
    if (facts["address"], facts["gate_port"], facts["tls"]) == (address, port, secured):
        return
    speaks = f" with the certificates in {facts['tls']}" if facts["tls"] else " without TLS"
    raise DeviceError(
        f"a controller runs already, at {facts['address']}:{facts['gate_port']}{speaks}; end it with `protran fleet "
        f"stop` to start another one"
    )


def controller_facts() -> dict[str, Any]:
    """Returns what the controller of this machine says of itself, its devices included.

    Raises:
        DeviceError: it does not run.
    """
    return ask_controller("status", {})


def ask_controller(verb: str, body: dict[str, Any], *, answer_s: float = 20.0) -> dict[str, Any]:
    """Returns the answer of this machine's controller. Raises `DeviceError` where it does not run or refuses."""
    place = fleet_place()
    try:
        return ask(endpoint(place), verb, body, answer_s=answer_s)
    except GateClosed as error:
        raise DeviceError("the fleet's controller does not run; start it with `protran fleet start`") from error


def endpoint(place: FleetPlace) -> Endpoint:
    """Returns where, and with which secret, this machine's controller is asked."""
    return Endpoint(place.address, place.gate_port, read_token(place.token), place.tls)


def stop_fleet() -> bool:
    """Ends this machine's controller; returns whether one ran.

    Raises:
        DeviceError: it does not end.
    """
    folder = fleet_folder()
    if not runs(folder):
        return False
    pid = fleet_place(folder).pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline_s = time.monotonic() + STOP_S
    while runs(folder):
        if time.monotonic() > deadline_s:
            raise DeviceError(f"the controller (process {pid}) does not end within {STOP_S:.0f} s; kill it")
        time.sleep(0.1)
    return True


def runs(folder: Path) -> bool:
    """Tells whether the controller of a folder runs: it holds the folder's lock."""
    if not (folder / LOCK).exists():
        return False
    try:
        with locked(folder / LOCK, "it runs"):
            return False
    except DeviceError:
        return True


def _spawn(
    folder: Path, address: str, ports: ControllerPorts, tls: TlsFiles | None
) -> tuple[subprocess.Popen[bytes], int]:
    """Returns the process and the place in the log where its lines begin."""
    command = [sys.executable, "-m", "device_agents.fleet.controller", str(folder.absolute()), address, str(ports.gate)]
    with (folder / LOG).open("ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            [*command, *([str(tls.folder)] if tls is not None else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=without_secrets(dict(os.environ)),
            cwd="/",
            start_new_session=True,  # it outlives the terminal
        )
    return process, begin


def _awaited(folder: Path, process: subprocess.Popen[bytes], begin: int) -> dict[str, Any]:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            raise DeviceError(_last_error(folder, begin))
        with contextlib.suppress(DeviceError):
            facts = controller_facts()
            if facts["pid"] == process.pid:
                return facts
        time.sleep(0.2)
    process.terminate()
    raise DeviceError(f"the controller did not start within {START_S:.0f} s; see {folder / LOG}")


def _last_error(folder: Path, begin: int) -> str:
    """Returns the last error that the log tells from a place on: what stands before is of earlier controllers."""
    lines = (folder / LOG).read_bytes()[begin:].decode(errors="replace").splitlines()
    for line in reversed(lines):
        _, mark, text = line.partition(" error: ")
        if mark:
            return text
    return f"the controller ended at once; see {folder / LOG}"
