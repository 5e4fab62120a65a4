"""A controller and a device on the loopback of this machine, for benchmarks: started and ended as by hand."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from device_agents.fleet.folder import FOLDER_VARIABLE, TOKEN
from device_agents.fleet.ports import ControllerPorts
from device_agents.fleet.ray_folder import ray_folder
from device_agents.fleet.watchdog import holders

PROTRAN = (sys.executable, "-m", "protran.cli.main")
LOOPBACK = "127.0.0.1"
WORKER, RUNNER = "ray::FleetDeviceWorker", "device_agents.runner.profile"


@contextlib.contextmanager
def loopback_fleet(device: str, port: int) -> Iterator[None]:
    """Keeps a device joined to a controller, both with the real runner; this process is of that fleet meanwhile.

    Args:
        device: name of the device.
        port: the first of the controller's ports; the device's follow them.
    """
    ports = ControllerPorts(port)
    with tempfile.TemporaryDirectory(prefix="protran-bench-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        subprocess.run([*PROTRAN, "fleet", "start", "--port", str(port)], check=True, stdout=subprocess.DEVNULL)
        try:
            with _joined(device, f"{LOOPBACK}:{port}", Path(folder) / TOKEN, ports.node.last + 1):
                yield
        finally:
            subprocess.run([*PROTRAN, "fleet", "stop"], check=False, stdout=subprocess.DEVNULL)


def agent_process(device: str) -> psutil.Process:
    """Returns the process of a device's agent, which is Ray's actor."""
    found = [psutil.Process(pid) for pid in holders(ray_folder(f"device {device}"))]
    (agent,) = [process for process in found if WORKER in " ".join(process.cmdline())]
    return agent


def runner_process(agent: psutil.Process) -> psutil.Process:
    """Returns the warm process of an agent's runner, which forks for each profile."""
    (runner,) = [child for child in agent.children() if RUNNER in child.cmdline()]
    return runner


@contextlib.contextmanager
def _joined(device: str, controller: str, token: Path, port: int) -> Iterator[None]:
    options = ("--name", device, "--token-file", str(token), "--port", str(port))
    joiner = subprocess.Popen([*PROTRAN, "device", "join", controller, *options], stderr=subprocess.PIPE, text=True)
    try:
        said = ""
        while not said.startswith("ready"):
            said = joiner.stderr.readline() if joiner.stderr is not None else ""
            if not said:
                raise SystemExit(f"the device {device} did not join; run the same by hand to see why")
        yield
    finally:
        joiner.send_signal(signal.SIGTERM)
        joiner.communicate()
