import contextlib
import os
import subprocess
import sys

import pytest
from fleet_parts import LOOPBACK, TOKEN, free_port, opened_gate

from device_agents.errors import DeviceError
from device_agents.fleet import control
from device_agents.fleet.control import ask_controller, controller_facts, runs, start_fleet, stop_fleet
from device_agents.fleet.folder import private_folder, write_object, write_privately
from device_agents.fleet.lock import locked

CONTROLLER = """
import signal, sys, time
from pathlib import Path
from device_agents.fleet.lock import locked
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with locked(Path(sys.argv[1]), 'taken'):
    print('up', flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = private_folder(tmp_path / "fleet")
    monkeypatch.setenv("PROTRAN_FLEET", str(folder))
    return folder


def facts(port, tls=None, pid=None):
    return {
        "address": LOOPBACK,
        "gate_port": port,
        "ray_port": port + 1,
        "tls": tls,
        "pid": pid or os.getpid(),
        "devices": [],
    }


def note(folder, port, **changes):
    write_object(folder / "fleet.json", facts(port, **changes))
    write_privately(folder / "token", TOKEN)


@pytest.fixture
def running(folder):
    """A controller that runs: a gate that answers, and the lock of the folder."""
    answers = {}
    with locked(folder / "controller.lock", "x"), opened_gate(lambda verb, body: answers) as gate:
        answers.update(facts(gate.port))
        note(folder, gate.port)
        yield gate.port


def test_a_controller_runs_as_long_as_it_holds_its_lock(folder):
    assert not runs(folder)
    with locked(folder / "controller.lock", "x"):
        assert runs(folder)
    assert not runs(folder)


def test_starting_what_runs_already_returns_its_facts(running):
    assert start_fleet(LOOPBACK, running)["gate_port"] == running


def test_starting_another_one_is_refused(running):
    with pytest.raises(DeviceError, match=rf"runs already, at {LOOPBACK}:{running} without TLS; .*protran fleet stop"):
        start_fleet(LOOPBACK, 7000)


def test_what_runs_without_tls_is_not_taken_for_one_with_it(running, our_certificates):
    with pytest.raises(DeviceError, match=r"runs already, .* without TLS"):
        start_fleet(LOOPBACK, running, our_certificates.folder)


def test_a_public_address_is_refused_before_anything_is_started(folder):
    with pytest.raises(DeviceError, match="public address"):
        start_fleet("8.8.8.8")
    assert list(folder.iterdir()) == []


def test_a_controller_that_ends_at_once_is_told_with_its_own_error(folder):
    with open(folder / "controller.log", "w") as log:
        log.write("2026-01-01T00:00:00Z error: an older one\n")
    (folder / "fleet.json").mkdir()  # cannot be read
    with pytest.raises(DeviceError, match=r"cannot read .*fleet\.json"):
        start_fleet(LOOPBACK, 7000)


def test_an_older_error_is_not_taken_for_the_last_ones(folder):
    log = folder / "controller.log"
    log.write_text("2026-01-01T00:00:00Z error: an older one\n")
    begin = log.stat().st_size
    assert control._last_error(folder, begin) == f"the controller ended at once; see {log}"
    with log.open("a") as more:
        more.write("2026-01-02T00:00:00Z error: the port is taken\n")
    assert control._last_error(folder, begin) == "the port is taken"


def test_the_controller_is_asked_where_its_facts_say(running):
    assert controller_facts()["gate_port"] == running


def test_where_no_fleet_was_started_there_is_nobody_to_ask(folder):
    with pytest.raises(DeviceError, match=r"no fleet was started.*protran fleet start"):
        ask_controller("status", {})


def test_a_controller_that_ended_is_told_so(folder):
    note(folder, free_port())
    with pytest.raises(DeviceError, match="does not run; start it"):
        ask_controller("status", {})


def test_stopping_what_does_not_run_does_nothing(folder):
    note(folder, free_port(), pid=1)
    assert stop_fleet() is False


def test_stopping_waits_until_the_controller_has_ended(folder):
    command = [sys.executable, "-c", CONTROLLER, str(folder / "controller.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        note(folder, 7000, pid=process.pid)
        assert stop_fleet() is True
        assert process.wait(timeout=30) == 0


def test_a_controller_that_does_not_end_is_told_by_its_process(folder, monkeypatch):
    monkeypatch.setattr(control, "STOP_S", 0.0)
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(other.kill)
        stack.enter_context(locked(folder / "controller.lock", "x"))
        note(folder, 7000, pid=other.pid)
        with pytest.raises(DeviceError, match=rf"process {other.pid}\) does not end"):
            stop_fleet()
