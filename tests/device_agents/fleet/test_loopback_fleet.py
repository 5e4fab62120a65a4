"""A controller and a device on the loopback of this machine, with real Ray, from the command line."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fleet_parts import LOOPBACK, free_span

from device_agents.fleet.ports import ControllerPorts, device_ports
from device_agents.fleet.ray_folder import purpose_lock, ray_folder
from device_agents.fleet.watchdog import holders

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(600)]

CONTROLLER_SPAN, DEVICE_SPAN = 36, 14
NAME, SECOND = f"device-{os.getpid()}", f"second-{os.getpid()}"  # no other run of the tests has them
ONLY_LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, also as an IPv6 socket sees it


class Machine:
    """Runs commands with a fleet folder and ports of their own."""

    def __init__(self, folder):
        self.folder, self.temporary = folder / "fleet", folder / "temporary"
        self.temporary.mkdir()
        first = free_span(CONTROLLER_SPAN + DEVICE_SPAN)
        self.controller, self.device = ControllerPorts(first), device_ports(first + CONTROLLER_SPAN)
        self.purposes = (f"controller {self.folder}", f"device {NAME}", f"device {SECOND}")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self.environment = {**inherited, "PROTRAN_FLEET": str(self.folder), "TMPDIR": str(self.temporary)}

    def run(self, *arguments):
        command = [sys.executable, "-m", "protran.cli.main", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=240, check=False)

    def told(self, *arguments):
        ran = self.run(*arguments, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def join(self, *options, name=NAME, token=None):
        place = f"{LOOPBACK}:{self.controller.gate}"
        known = ("--token-file", str(token or self.folder / "token"), "--port", str(self.device.first))
        return self.run("device", "join", place, "--name", name, *known, "--once", "--json", *options)


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    yield machine
    machine.run("fleet", "stop")
    left = [pid for purpose in machine.purposes for pid in holders(ray_folder(purpose))]
    for purpose in machine.purposes:
        shutil.rmtree(ray_folder(purpose), ignore_errors=True)
        purpose_lock(purpose).unlink(missing_ok=True)
    assert left == [], "processes are left"


def listening(ports):
    """Returns the addresses at which anybody listens on some ports, from the kernel's table."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]  # listening; source: proc(5)
    return {address for address, port in places if int(port, 16) in ports}


def test_a_device_joins_is_listed_checked_and_removed_and_nothing_is_left(machine):
    facts = machine.told("fleet", "start", "--port", str(machine.controller.gate))
    assert (facts["address"], facts["ray_port"]) == (LOOPBACK, machine.controller.ray)
    token = machine.folder / "token"
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

    again = machine.join()
    assert again.returncode == 0, again.stderr

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


def test_a_port_that_is_taken_is_refused_within_seconds(machine):
    with socket.create_server((LOOPBACK, machine.controller.ray)):
        refused = machine.run("fleet", "start", "--port", str(machine.controller.gate))
    assert refused.returncode == 1
    assert f"cannot listen on {LOOPBACK}:{machine.controller.ray} (Address already in use)" in refused.stderr
