"""A controller and a device on the loopback of this machine, with real Ray, from the command line.

The device's side runs in an environment that holds nothing but what a device gets.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fleet_parts import LOOPBACK, free_span

from device_agents.fleet.ports import ControllerPorts, device_ports
from device_agents.fleet.ray_folder import purpose_lock, ray_folder
from device_agents.fleet.watchdog import holders
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(600)]

CONTROLLER_SPAN, DEVICE_SPAN = 36, 14
NAME, SECOND = f"device-{os.getpid()}", f"second-{os.getpid()}"  # no other run of the tests has them
MODEL = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)))
INPUT_SPEC = InputSpec(InputKind.WINDOWS, length=20, classes=2, channels=1, patch=5)
WORKER, RUNNER = "ray::FleetDeviceWorker", "device_agents.runner.profile"
ONLY_LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, also as an IPv6 socket sees it


class Machine:
    """Runs commands with a fleet folder and ports of their own, in a folder that holds no packages."""

    def __init__(self, folder, device_python):
        self.fleet, self.temporary, self.device_python = folder / "fleet", folder / "temporary", device_python
        self.temporary.mkdir()
        first = free_span(CONTROLLER_SPAN + DEVICE_SPAN)
        self.controller, self.device = ControllerPorts(first), device_ports(first + CONTROLLER_SPAN)
        self.purposes = (f"controller {self.fleet}", f"device {NAME}", f"device {SECOND}")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "PYTHONPATH"))}
        self.environment = {**inherited, "PROTRAN_FLEET": str(self.fleet), "TMPDIR": str(self.temporary)}

    def run(self, *arguments, python=sys.executable):
        return subprocess.run(
            [python, "-m", "protran.cli.main", *arguments],
            env=self.environment,
            cwd=self.temporary,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def told(self, *arguments):
        ran = self.run(*arguments, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def join(self, name=NAME, token=None):
        return self.run(*self._joining(name, token), "--once", "--json", python=self.device_python)

    @contextlib.contextmanager
    def joined(self):
        """Keeps the device in the fleet as long as the context lasts."""
        command = [self.device_python, "-m", "protran.cli.main", *self._joining(NAME, None)]
        with subprocess.Popen(
            command, env=self.environment, cwd=self.temporary, stderr=subprocess.PIPE, text=True
        ) as joiner:
            said = []
            while not (said and said[-1].startswith("ready")):
                said.append(joiner.stderr.readline())
                assert said[-1], said  # it has ended
            try:
                yield
            finally:
                joiner.send_signal(signal.SIGTERM)
                said.append(joiner.stderr.read())
        assert "left the fleet" in said[-1]

    def _joining(self, name, token):
        place, token = f"{LOOPBACK}:{self.controller.gate}", str(token or self.fleet / "token")
        return "device", "join", place, "--name", name, "--token-file", token, "--port", str(self.device.first)


@pytest.fixture
def machine(tmp_path, device_python):
    machine = Machine(tmp_path, device_python)
    yield machine
    machine.run("fleet", "stop")
    left = [pid for purpose in machine.purposes for pid in holders(ray_folder(purpose))]
    for purpose in machine.purposes:
        shutil.rmtree(ray_folder(purpose), ignore_errors=True)
        purpose_lock(purpose).unlink(missing_ok=True)
    assert left == [], "processes are left"


def agent_and_runner():
    """Returns the processes of the device that joined: its agent's, which is Ray's actor, and its runner's."""
    processes = [psutil.Process(pid) for pid in holders(ray_folder(f"device {NAME}"))]
    (agent,) = [process for process in processes if WORKER in " ".join(process.cmdline())]
    (runner,) = [child for child in agent.children() if RUNNER in child.cmdline()]
    return agent, runner


def loads(process, library):
    return library in Path(f"/proc/{process.pid}/maps").read_text()


def listening(ports):
    """Returns the addresses at which anybody listens on some ports, from the kernel's table."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]  # listening; source: proc(5)
    return {address for address, port in places if int(port, 16) in ports}


def test_a_device_joins_is_listed_checked_and_removed_and_nothing_is_left(machine):
    facts = machine.told("fleet", "start", "--port", str(machine.controller.gate))
    assert (facts["address"], facts["ray_port"]) == (LOOPBACK, machine.controller.ray)
    token = machine.fleet / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert listening(range(machine.controller.gate, machine.controller.node.last + 1)) <= ONLY_LOOPBACK
    assert machine.told("device", "list") == {"devices": []}

    wrong = machine.temporary / "wrong"
    wrong.write_text("w" * 64)
    wrong.chmod(0o600)
    refused = machine.join(token=wrong)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "token is not that of the fleet" in refused.stderr

    joined = machine.join()
    assert joined.returncode == 0, joined.stderr
    assert json.loads(joined.stdout) == {"name": NAME, "state": "ready"}

    with machine.joined():
        assert_profiles_with_what_a_device_gets(machine)

    (device,) = machine.told("device", "list")["devices"]
    assert (device["name"], device["admitted"], device["reason"]) == (NAME, True, "")
    assert len(device["self_test"]["reference_latency_s"]) == 3
    assert device["facts"]["cores"] >= 1 and device["reference"]["latency_s"] > 0

    assert machine.told("device", "doctor", NAME)["identity"] == device["identity"]
    assert f"already enrolled as '{NAME}'" in machine.join(name=SECOND).stderr

    gone = machine.run("device", "check", NAME, "--json")
    assert gone.returncode == 1 and "did not appear within 15 s" in gone.stderr

    assert machine.told("device", "remove", NAME)["removed"] == NAME
    assert [entry["name"] for entry in machine.told("device", "list")["devices"]] == [SECOND]
    assert machine.told("fleet", "stop") == {"stopped": True}
    assert listening(range(machine.controller.gate, machine.device.last + 1)) == set()
    status = machine.run("fleet", "status")
    assert status.returncode == 1 and "does not run" in status.stderr


def assert_profiles_with_what_a_device_gets(machine):
    model = machine.temporary / "model.json"
    model.write_text(json.dumps({**MODEL.to_json(), "input_spec": INPUT_SPEC.to_json()}))
    profile = machine.told("profile", str(model), "--device", NAME)
    (measurement,) = profile["measurements"]
    assert (profile["device"], measurement["status"]) == (NAME, "ok")
    assert profile["values"]["latency_s"]["value"] > 0

    agent, runner = agent_and_runner()
    assert runner.cmdline()[0] == str(machine.device_python)
    assert loads(runner, "libtorch") and not loads(agent, "libtorch")


def test_a_port_that_is_taken_is_refused_within_seconds(machine):
    with socket.create_server((LOOPBACK, machine.controller.ray)):
        refused = machine.run("fleet", "start", "--port", str(machine.controller.gate))
    assert refused.returncode == 1
    assert f"cannot listen on {LOOPBACK}:{machine.controller.ray} (Address already in use)" in refused.stderr
