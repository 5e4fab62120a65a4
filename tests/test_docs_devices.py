"""What docs/devices.md shows is run where it needs no device, else read as the command line reads it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import typer
from fake_sensors import SteppedClock, rapl_package
from fake_ssh import FakeDevice
from fleet_parts import LOOPBACK, TOKEN, free_span, opened_gate

from device_agents.fleet.admission import RUNS
from device_agents.fleet.gatekeeper import Gatekeeper
from device_agents.fleet.handshake import ask
from device_agents.fleet.registry import Enrolled, Registry
from device_agents.fleet.software import own_software
from device_agents.fleet.tls import TlsFiles
from device_agents.meters.discovery import discover
from device_agents.power_calibration import machine_load
from protran.cli.main import app, main

TEXT = (Path(__file__).parents[1] / "docs" / "devices.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for language, block in BLOCKS if not language for line in block.splitlines() if line.startswith("protran ")
]
SHELL = [block for language, block in BLOCKS if language == "sh"]
NEEDS_MORE = {"--ssh", "--address", "--tls", "--accelerator"}  # a board, another address, certificates, a GPU
TESTED = {
    "boot": "boot 1",
    "facts": {"cores": 4},
    "reference": {"latency_s": 0.01},
    "self_test": {"reference_latency_s": [0.01] * RUNS, "relative_spread": 0.0, "drift": 0.0, "remark": ""},
}


def named(*beginnings):
    """Returns the commands of the page that begin so."""
    return [command for command in COMMANDS if command.removeprefix("protran ").startswith(beginnings)]


def words_of(command):
    return shlex.split(command)[1:]


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """The controller of this machine, without its Ray, with the two devices of the page."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    monkeypatch.setenv("PROTRAN_FLEET", str(folder))
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    registry = Registry(folder / "devices.json")
    for name in ("pi5", "rpi4"):
        registry.put(Enrolled(name, name, LOOPBACK, admitted=True, software=own_software(), last_seen_at="yesterday"))
    facts = {
        "address": LOOPBACK,
        "ports": "1-2",
        "pid": 1,
        "tls": None,
        "software": own_software(),
        "started_at": "now",
    }
    keeper = Gatekeeper(
        registry, 2, admit=lambda name, full: TESTED, reach=lambda *place: "", facts={**facts, "gate_port": 1}
    )
    with opened_gate(keeper.answer) as gate:
        (folder / "fleet.json").write_text(json.dumps({**facts, "gate_port": gate.port, "ray_port": 2}))
        yield folder


@pytest.fixture
def gate_without_ray(tmp_path, monkeypatch):
    """A controller that devices may ask, and that lets none in."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with opened_gate(lambda verb, body: {"failures": ["not today"], "ray_port": 2}) as gate:
        yield gate


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_takes_a_command_of_the_page(command):
    words, parser = words_of(command), typer.main.get_command(app)
    while hasattr(parser, "commands"):
        parser = parser.commands[words.pop(0)]
    assert parser.make_context(parser.name, words).args == []


def test_no_command_of_ours_hides_among_those_of_the_shell():
    assert [block for block in SHELL if re.search(r"^protran ", block, flags=re.MULTILINE)] == []


@pytest.mark.parametrize(
    "command",
    dict.fromkeys(
        named("fleet status", "fleet stop", *(f"device {verb}" for verb in ("list", "doctor", "check", "remove")))
    ),
)
def test_what_asks_the_controller_is_answered(command, fleet, capsys):
    assert main(words_of(command)) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("command", named("profile bert-tiny --device sim:"))
def test_a_profile_of_simulated_devices_runs_and_says_so(command, capsys):
    assert main(words_of(command)) == 0
    assert "simulated" in capsys.readouterr().out


@pytest.mark.parametrize("command", named("device calibrate-power --watts"))
def test_a_calibration_from_given_watts_is_kept_on_a_board_of_four_cores(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PROTRAN_DATA", str(tmp_path))
    monkeypatch.setattr(machine_load, "usable_cores", lambda: (0, 1, 2, 3))
    assert main(words_of(command)) == 0
    assert "estimated-calibrated from now on" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", named("device enroll"))
def test_an_enrolment_is_planned_on_a_device_that_ssh_reaches(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "device").mkdir()
    device = FakeDevice(tmp_path / "device")
    monkeypatch.setenv("PATH", device.path)
    monkeypatch.setenv("PROTRAN_FLEET", str(tmp_path))
    for name in ("token", "cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).write_text(TOKEN)
        (tmp_path / name).chmod(0o600)
    tls = str(tmp_path) if "--tls" in command else None
    facts = {"address": "192.168.1.5", "gate_port": 6377, "ray_port": 6378, "tls": tls, "pid": 1}
    (tmp_path / "fleet.json").write_text(json.dumps(facts))
    words = [word for word in words_of(command) if word != "--dry-run"]
    assert main([*words, "--dry-run"]) == 0
    assert f"device join 192.168.1.5:6377 --name {words[2]}" in capsys.readouterr().out
    assert list(device.home.iterdir()) == []


@pytest.mark.parametrize(
    "command", [command for command in named("device join") if not NEEDS_MORE & set(command.split())]
)
def test_a_device_that_joins_comes_as_far_as_the_gate(command, gate_without_ray, tmp_path, capsys):
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    words = words_of(command)
    words[2] = f"{gate_without_ray.host}:{gate_without_ray.port}"
    words[words.index("--token-file") + 1] = str(tmp_path / "token")
    assert main([*words, "--port", str(free_span(14))]) == 1
    assert "not today" in capsys.readouterr().err


@pytest.mark.parametrize("block", SHELL)
def test_what_a_shell_shall_run_is_a_shells(block):
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_certificates_of_the_page_let_a_device_in(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program, which makes the certificates, is not installed")
    authority, machine = (block for block in SHELL if "openssl" in block)
    script = (
        authority + machine + machine.replace("name=rpi4 address=192.168.1.7", f"name=controller address={LOOPBACK}")
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=script,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["rpi4/cert.pem: OK", "controller/cert.pem: OK"]
    with opened_gate(lambda verb, body: {"heard": verb}, tls=TlsFiles(tmp_path / "controller")) as gate:
        asked = dataclasses.replace(gate, tls=TlsFiles(tmp_path / "rpi4"))
        assert ask(asked, "hello", {}) == {"heard": "hello"}
    assert (tmp_path / "rpi4" / "key.pem").stat().st_mode & 0o077 == 0


def test_the_command_that_opens_the_processors_counter_is_the_doctors(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: bool(os.stat(path).st_mode & 0o004))  # also for root
    rapl_package(tmp_path, SteppedClock(), 10.0).path.chmod(0o400)
    (command,) = [report.command for report in discover(tmp_path, lambda name: False) if report.command]
    assert f"{command}\n" in SHELL
