import json
import os

import pytest
import typer
from fake_ssh import FakeDevice
from typer.testing import CliRunner

from device_agents.enrolment.record import recall
from device_agents.enrolment.target import SshTarget
from device_agents.fleet import control
from protran.cli import device_enroll

TOKEN = "0123456789abcdef" * 4


@pytest.fixture
def device(tmp_path, monkeypatch):
    """A device that ssh reaches, and the folder of a fleet."""
    (tmp_path / "device").mkdir()
    fake = FakeDevice(tmp_path / "device")
    monkeypatch.setenv("PATH", fake.path)
    return fake


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    folder = tmp_path / "fleet"
    folder.mkdir()
    write_facts(folder, address="10.0.0.1")
    (folder / "token").write_text(TOKEN)
    os.chmod(folder / "token", 0o600)
    monkeypatch.setenv("PROTRAN_FLEET", str(folder))
    return folder


def write_facts(folder, **changes):
    facts = {"address": "10.0.0.1", "gate_port": 6377, "ray_port": 6378, "tls": None, "pid": 1, **changes}
    (folder / "fleet.json").write_text(json.dumps(facts))


@pytest.fixture
def gate(monkeypatch):
    """Sets what the fleet says of its devices, question after question; the last answer stays."""

    def set_answers(*answers):
        rest = list(answers)

        def ask_controller(verb, body):
            assert verb == "devices"
            return {"devices": [rest.pop(0) if len(rest) > 1 else rest[0]]}

        monkeypatch.setattr(control, "ask_controller", ask_controller)

    return set_answers


def described(state, seen="2026-01-01T00:00:00Z", **more):
    return {"name": "pi5", "state": state, "last_seen_at": seen, "self_test": {}, "reason": "", **more}


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(device_enroll.enroll)

    def run(*arguments):
        return CliRunner().invoke(app, ["pi5", "pi@board", *arguments])

    return run


def test_a_device_is_enrolled_and_remembered(device, fleet, gate, run):
    gate(described("ready"))
    done = run()
    assert done.exit_code == 0, done.exception
    assert "pi5 is ready: it passed its self-test" in done.stdout
    assert recall(fleet, "pi5") == SshTarget("pi", "board")
    assert TOKEN not in done.output


def test_json_is_one_object_and_the_steps_go_to_standard_error(device, fleet, gate, run):
    gate(described("ready"))
    done = run("--json")
    assert json.loads(done.stdout)["state"] == "ready"
    assert "pinned libraries" in done.stderr


def test_a_dry_run_prints_the_exact_commands_and_changes_nothing(device, fleet, run):
    done = run("--dry-run")
    assert done.exit_code == 0, done.exception
    assert "ssh -o BatchMode=yes" in done.stdout
    assert "-m pip install" in done.stdout
    assert "device join 10.0.0.1:6377 --name pi5" in done.stdout
    assert TOKEN not in done.output
    assert not list(device.home.iterdir())
    assert recall(fleet, "pi5") is None


def test_a_dry_run_as_json_holds_each_command(device, fleet, run):
    plan = json.loads(run("--dry-run", "--json").stdout)
    assert plan["dry_run"] is True
    assert all(step["command"].startswith("ssh -o BatchMode=yes") for step in plan["steps"])
    assert "the token" in [step["reads"] for step in plan["steps"]]


def test_a_device_that_the_fleet_refuses_twice_is_said_with_the_reason(device, fleet, gate, run, monkeypatch):
    monkeypatch.setattr("device_agents.clock.SystemClock.sleep", lambda self, duration_s: None)
    gate(
        described("lost", "0"),
        described("refused", "1", reason="it has joined already"),
        described("refused", "2", reason="its clock is wrong"),
    )
    done = run()
    assert "the fleet refuses pi5: its clock is wrong" in str(done.exception)
    assert recall(fleet, "pi5") is None


@pytest.mark.parametrize(
    ("facts", "arguments", "message"),
    [
        ({"address": "127.0.0.1"}, (), "--bind IP"),
        ({}, ("--tls", "/etc/protran"), "does not speak TLS"),
        ({}, ("--address", "nowhere"), "--address"),
    ],
)
def test_what_cannot_work_is_refused_before_the_device_is_touched(device, fleet, run, facts, arguments, message):
    write_facts(fleet, **facts)
    done = run(*arguments)
    assert isinstance(done.exception, ValueError)
    assert message in str(done.exception)
    assert device.read("arguments") == ""


def test_a_fleet_with_tls_wants_certificates_on_the_device(device, fleet, run, tmp_path):
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).write_text("")
    write_facts(fleet, tls=str(tmp_path))
    assert "name it with --tls" in str(run().exception)


def test_without_a_fleet_the_command_that_starts_one_is_said(device, run, tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_FLEET", str(tmp_path / "none"))
    assert "protran fleet start" in str(run().exception)
