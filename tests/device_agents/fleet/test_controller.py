import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import threading
from types import SimpleNamespace

import pytest
from fleet_parts import LOOPBACK, free_span, preflight_body

from device_agents.errors import DeviceError
from device_agents.fleet import controller as controller_module
from device_agents.fleet.controller import Controller, main
from device_agents.fleet.folder import private_folder, read_object, write_object
from device_agents.fleet.gate import Gate
from device_agents.fleet.handshake import Endpoint, ask
from device_agents.fleet.lock import locked
from device_agents.fleet.ports import ControllerPorts
from device_agents.fleet.token import read_token


class FakeHead:
    """Stands in for Ray's head node: listens where that would."""

    def __init__(self, address, ports):
        self._stack = contextlib.ExitStack()
        for port in (ports.ray, ports.node.first):
            self._stack.enter_context(socket.create_server((address, port)))
        self.patience_s = None
        self.lives = True

    def alive(self):
        return self.lives

    def end(self, patience_s):
        self.lives, self.patience_s = False, patience_s
        self._stack.close()

    def last_words(self):
        return "it fell over"


class BrokenHead(FakeHead):
    """Ends at once."""

    def __init__(self, address, ports):
        super().__init__(address, ports)
        self.end(0.0)


class Place:
    """A folder, ports, and the heads that were started for its controllers."""

    def __init__(self, folder):
        self.folder, self.heads, self.kinds = folder, [], [FakeHead]
        self.ports = ControllerPorts(free_span(6))

    def start(self, folder, address, ports, ray_folder, tls):
        kind = self.kinds.pop(0) if len(self.kinds) > 1 else self.kinds[0]
        self.heads.append(kind(address, ports))
        return self.heads[-1]

    def controller(self):
        return Controller(self.folder, LOOPBACK, self.ports, None)

    def gate(self):
        return Endpoint(LOOPBACK, self.ports.gate, read_token(self.folder / "token"))

    @contextlib.contextmanager
    def running(self):
        controller = self.controller()
        thread = threading.Thread(target=controller.run)
        thread.start()
        try:
            while thread.is_alive():
                with contextlib.suppress(DeviceError):
                    ask(self.gate(), "status", {})
                    break
            yield controller
        finally:
            controller.stop()
            thread.join()


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(private_folder(tmp_path / "fleet"))
    monkeypatch.setattr(controller_module, "start_head", place.start)
    monkeypatch.setattr(controller_module, "fresh_ray_folder", lambda purpose: tmp_path)
    monkeypatch.setattr(controller_module, "FAREWELL_S", 1.5)
    monkeypatch.setattr(Gate, "serve_forever", functools.partialmethod(Gate.serve_forever, 0.01))
    yield place
    for head in place.heads:
        head.end(0.0)


def run_refused(place):
    with pytest.raises(DeviceError) as refused:
        place.controller().run()
    return str(refused.value)


def test_a_controller_answers_at_its_gate_and_ends_ray_in_order(place):
    with place.running():
        status = ask(place.gate(), "status", {})
        assert (status["ray_port"], status["pid"], status["devices"]) == (place.ports.ray, os.getpid(), [])
    assert [head.patience_s for head in place.heads] == [1.5]


def test_its_facts_are_in_a_file_of_the_folder(place):
    with place.running():
        facts = read_object(place.folder / "fleet.json")
    assert (facts["address"], facts["gate_port"], facts["ports"]) == (LOOPBACK, place.ports.gate, place.ports.span)


def test_a_second_controller_of_the_folder_is_refused(place):
    with place.running():
        assert "runs already" in run_refused(place)


def test_a_controller_can_be_told_to_end_while_ray_starts(place, monkeypatch):
    monkeypatch.setattr(controller_module, "_listens", lambda address, port: False)
    controller = place.controller()
    failed = []

    def run():
        try:
            controller.run()
        except DeviceError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not place.heads:
        pass
    assert read_object(place.folder / "fleet.json")["pid"] == os.getpid()
    controller.stop()
    thread.join(timeout=30)
    assert not thread.is_alive() and not place.heads[0].alive() and failed


@pytest.mark.parametrize("which", [0, 1, 2, 5])
def test_a_port_that_is_taken_is_refused_and_rays_state_stays(place, which):
    (place.folder / "state").mkdir()
    write_object(place.folder / "fleet.json", {"address": LOOPBACK, "ray_port": place.ports.ray})
    port = place.ports.gate + which
    with socket.create_server((LOOPBACK, port)):
        assert f"cannot listen on {LOOPBACK}:{port} (Address already in use)" in run_refused(place)
    assert [path.name for path in place.folder.glob("state*")] == ["state"]
    assert place.heads == []


def test_a_head_that_died_is_replaced(place, capsys):
    with place.running() as controller:
        first = place.heads[0]
        first.lives = False
        second = controller._kept_alive(first)
        assert (second.alive(), len(place.heads)) == (True, 2)
        second.end(0.0)
    assert "it fell over" in capsys.readouterr().out


def test_state_that_ray_cannot_start_with_is_set_aside(place):
    (place.folder / "state").mkdir()
    write_object(place.folder / "fleet.json", {"address": LOOPBACK, "ray_port": place.ports.ray})
    place.kinds = [BrokenHead, FakeHead]
    with place.running():
        pass
    assert [path.name.split("-")[0] for path in place.folder.glob("state*")] == ["state.broken"]


def test_state_of_another_address_is_set_aside(place):
    (place.folder / "state").mkdir()
    write_object(place.folder / "fleet.json", {"address": "10.0.0.1", "ray_port": place.ports.ray})
    with place.running():
        pass
    assert [path.name.split("-")[0] for path in place.folder.glob("state*")] == ["state.other"]


def test_where_ray_does_not_start_at_all_its_reason_is_told(place):
    place.kinds = [BrokenHead]
    assert "Ray does not start: it fell over; free its ports" in run_refused(place)


def test_an_applicant_is_tested_in_a_process_of_its_own_without_the_fleets_secrets(place, monkeypatch):
    seen = {}

    def run(command, **options):
        seen.update(command=command, environment=options["env"])
        return SimpleNamespace(stdout='noise\n{"boot": "b"}\n', stderr="")

    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.setattr(controller_module.subprocess, "run", run)
    assert place.controller()._admit("rpi4", True) == {"boot": "b"}
    assert seen["command"][-3:] == [str(place.folder), "rpi4", "--full"]
    assert "RAY_AUTH_TOKEN" not in seen["environment"]


@pytest.mark.parametrize(
    ("stdout", "reason"), [("", "could not be run: it crashed"), ("no JSON", "could not be run: it crashed")]
)
def test_a_test_that_breaks_is_a_reason(place, monkeypatch, stdout, reason):
    done = SimpleNamespace(stdout=stdout, stderr="it\n crashed")
    monkeypatch.setattr(controller_module.subprocess, "run", lambda *_, **__: done)
    assert reason in place.controller()._admit("rpi4", False)["reason"]


def test_a_test_that_hangs_is_a_reason(place, monkeypatch):
    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(controller_module.subprocess, "run", hang)
    assert "did not end within 700 s" in place.controller()._admit("rpi4", False)["reason"]


def test_devices_outlive_their_controller(place, monkeypatch):
    monkeypatch.setattr(controller_module, "way_back", lambda *_: "")
    with place.running():
        ask(place.gate(), "preflight", json.loads(json.dumps(preflight_body())))
    with place.running():
        assert [device["name"] for device in ask(place.gate(), "devices", {})["devices"]] == ["rpi4"]


@pytest.mark.parametrize("arguments", [["80"], ["7000", "/no/such/folder"]])
def test_the_entry_tells_an_error_in_one_line_and_ends_with_1(tmp_path, capsys, arguments):
    assert main([str(tmp_path), LOOPBACK, *arguments]) == 1
    assert " error: expected " in capsys.readouterr().out


def test_the_entry_takes_the_lock_of_its_folder(place, capsys):
    with locked(place.folder / "controller.lock", "x"):
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        try:
            assert main([str(place.folder), LOOPBACK, str(place.ports.gate)]) == 1
        finally:
            signal.signal(signal.SIGTERM, before[0])
            signal.signal(signal.SIGINT, before[1])
    assert "runs already" in capsys.readouterr().out
