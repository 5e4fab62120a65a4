import contextlib
import json
import threading
import time
from types import SimpleNamespace

import pytest
from fleet_parts import LOOPBACK, TOKEN, free_port, opened_gate

from device_agents.errors import DeviceError
from device_agents.fleet import applicant as applicant_module
from device_agents.fleet import join as join_module
from device_agents.fleet import reach
from device_agents.fleet.applicant import Applicant
from device_agents.fleet.folder import write_object
from device_agents.fleet.gatekeeper import Gatekeeper
from device_agents.fleet.handshake import Endpoint, GateClosed
from device_agents.fleet.join import Joiner, Joining, Refused, preflight
from device_agents.fleet.ports import device_ports
from device_agents.fleet.registry import Registry
from device_agents.fleet.software import own_software


class FakeNode:
    """Stands in for the Ray node of a device."""

    def __init__(self, *arguments):
        self.arguments, self.lives, self.ended = arguments, True, 0

    def alive(self):
        return self.lives

    def end(self, patience_s):
        self.lives = False
        self.ended += 1

    def last_words(self):
        return "it fell over"


class Fleet:
    """A controller with a real gate on the loopback, and devices whose nodes are fakes."""

    def __init__(self, folder):
        self.registry = Registry(folder / "devices.json")
        self.found, self.full, self.verbs, self.nodes, self.said = {"boot": "b"}, [], [], [], []
        self.keeper = Gatekeeper(self.registry, 6378, admit=self.admit, reach=reach.way_back, facts={})
        self.token = folder / "token"
        self.before = lambda verb: None
        self.gate = None

    def admit(self, name, full):
        self.full.append(full)
        return self.found

    def answer(self, verb, body):
        self.before(verb)
        self.verbs.append(verb)
        return self.keeper.answer(verb, body)

    def joining(self, name="rpi4", identity="one", address=LOOPBACK, gate=None, port=None):
        applicant = Applicant(name, address, device_ports(port or free_port()), identity=identity)
        return Joining(gate or self.gate, self.token, applicant)

    def joiner(self, *arguments, **changes):
        return Joiner(self.joining(*arguments, **changes), self.said.append, again_s=0.01)

    def state(self, name="rpi4"):
        return next(device["state"] for device in self.keeper.devices() if device["name"] == name)

    def start(self, *arguments):
        self.nodes.append(FakeNode(*arguments))
        return self.nodes[-1]


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    fleet = Fleet(tmp_path)
    monkeypatch.setattr(Applicant, "shortages", lambda self: [])
    monkeypatch.setattr(join_module, "start_device_node", fleet.start)
    monkeypatch.setattr(join_module, "fresh_ray_folder", lambda purpose: tmp_path)
    monkeypatch.setattr(join_module, "HELLO_S", 0.01)
    monkeypatch.setattr(join_module, "purpose_lock", lambda purpose: tmp_path / "lock")
    with opened_gate(fleet.answer) as fleet.gate:
        yield fleet


@contextlib.contextmanager
def staying(joiner):
    """Runs a joiner until the context ends; yields what it failed with."""
    failed = []

    def run():
        try:
            joiner.run()
        except DeviceError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield SimpleNamespace(failed=failed, wait=lambda: thread.join(timeout=30))
    finally:
        joiner.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


def until(condition):
    pause = threading.Event()
    for _ in range(3000):
        if condition():
            return
        pause.wait(0.005)
    pytest.fail("it did not happen within 15 s")


def refusals(joining):
    with pytest.raises(Refused) as refused:
        preflight(joining)
    return refused.value.failures


def test_a_device_joins_once_and_leaves(fleet):
    fleet.joiner().run(once=True)
    assert fleet.verbs == ["preflight", "admit", "leave"]
    assert (fleet.nodes[0].ended, fleet.state()) == (1, "lost")
    assert fleet.said == ["preflight passed; starting the node", "ready"]


def test_the_node_gets_the_controllers_ray_and_the_tokens_file_but_not_the_token(fleet):
    fleet.joiner().run(once=True)
    name, controller, address, _, folder, environment = fleet.nodes[0].arguments
    assert (name, controller, address) == ("rpi4", f"{LOOPBACK}:6378", LOOPBACK)
    assert environment["RAY_AUTH_TOKEN_PATH"] == str(fleet.token)
    assert environment["PROTRAN_DEVICE_STATE"] == str(folder / "state.json")
    assert TOKEN not in json.dumps(environment)


def test_what_the_self_test_found_is_said(fleet):
    fleet.found = {"self_test": {"relative_spread": 0.012, "remark": "others use the machine"}}
    fleet.joiner().run(once=True)
    assert fleet.said[-1] == "ready: the reference model's runs agree within 1.2%; others use the machine"


def test_a_device_that_fails_its_test_ends_its_node_and_may_try_again_at_once(fleet):
    fleet.found = {"reason": "no torch"}
    with pytest.raises(Refused, match=r"^no torch$"):
        fleet.joiner().run()
    assert (fleet.nodes[0].ended, fleet.state()) == (1, "refused")
    fleet.found = {}
    fleet.joiner().run(once=True)
    assert fleet.said[-1] == "ready"


def test_a_device_that_stays_says_hello_with_what_it_does(fleet, tmp_path):
    write_object(tmp_path / "state.json", {"running": "job", "waiting": 2})
    with staying(fleet.joiner()):
        until(lambda: "hello" in fleet.verbs)
        (device,) = fleet.keeper.devices()
        assert (device["state"], device["health"]["waiting"]) == ("busy", 2)
    assert fleet.verbs[-1] == "leave"


def test_a_file_of_its_state_that_is_broken_costs_no_hello(fleet, tmp_path):
    (tmp_path / "state.json").write_text("{")
    with staying(fleet.joiner()):
        until(lambda: fleet.verbs.count("hello") > 1)
        assert fleet.state() == "ready"


def test_a_device_whose_node_died_comes_back_at_once_and_is_tested_briefly(fleet):
    with staying(fleet.joiner()):
        until(lambda: "hello" in fleet.verbs)
        fleet.nodes[0].lives = False
        until(lambda: fleet.said.count("ready") == 2)
        assert fleet.state() == "ready"
    assert fleet.said[2] == "the node ended (it fell over); joining again"
    assert not any("not yet" in line for line in fleet.said)
    assert fleet.full == [True, False]


def test_a_device_that_cannot_come_back_yet_says_why_once_and_tries_on(fleet):
    with staying(fleet.joiner()):
        until(lambda: "hello" in fleet.verbs)
        fleet.found = {"reason": "no memory"}
        fleet.nodes[0].lives = False
        until(lambda: len(fleet.nodes) > 3)
        fleet.found = {}
        until(lambda: fleet.said[-1] == "ready")
    assert fleet.said.count("not yet: no memory") == 1
    assert all(node.ended for node in fleet.nodes)


def test_a_controller_that_is_away_is_waited_for(fleet, monkeypatch):
    away = threading.Event()
    real = join_module.ask

    def ask(gate, verb, body, **options):
        if away.is_set() and verb == "hello":
            raise GateClosed("nobody is there")
        return real(gate, verb, body, **options)

    monkeypatch.setattr(join_module, "ask", ask)
    with staying(fleet.joiner()) as joined:
        until(lambda: "hello" in fleet.verbs)
        away.set()
        until(lambda: "the controller does not answer; waiting for it" in fleet.said)
        away.clear()
        count = fleet.verbs.count("hello")
        until(lambda: fleet.verbs.count("hello") > count + 1)
        assert (joined.failed, fleet.nodes[0].alive()) == ([], True)


def test_a_controller_that_fails_to_answer_one_hello_does_not_lose_the_device(fleet):
    def full_disk(verb):
        if verb == "hello" and len(fleet.verbs) < 6:
            fleet.verbs.append("failed hello")
            raise DeviceError("cannot write devices.json (No space left on device)")

    fleet.before = full_disk
    with staying(fleet.joiner()) as joined:
        until(lambda: "hello" in fleet.verbs)
        assert (joined.failed, fleet.nodes[0].alive()) == ([], True)
    assert sum("No space left" in line for line in fleet.said) == 1


def test_a_removed_device_ends_its_node_and_itself(fleet):
    with staying(fleet.joiner()) as joined:
        until(lambda: "hello" in fleet.verbs)
        fleet.keeper.answer("remove", {"name": "rpi4"})
        joined.wait()
    assert "was removed from this fleet" in str(joined.failed[0])
    assert (fleet.nodes[0].ended, fleet.keeper.devices()) == (1, [])


def test_two_processes_of_one_machine_cannot_be_the_same_device(fleet):
    with staying(fleet.joiner()):
        until(lambda: "hello" in fleet.verbs)
        with pytest.raises(DeviceError, match="another process of this machine has joined as 'rpi4'"):
            fleet.joiner().run(once=True)
        assert fleet.state() == "ready"


def test_a_test_that_breaks_off_ends_the_node(fleet):
    def break_off(verb):
        if verb == "admit":
            raise OSError("no more processes")

    fleet.before = break_off
    with pytest.raises(DeviceError, match="does not understand this admit"):
        fleet.joiner().run()
    assert fleet.nodes[0].ended == 1


def test_preflight_returns_the_port_of_the_controllers_ray(fleet):
    assert preflight(fleet.joining()) == 6378


def test_without_a_controller_there_is_no_preflight(fleet):
    with pytest.raises(GateClosed, match="cannot reach the controller"):
        preflight(fleet.joining(gate=Endpoint(LOOPBACK, free_port(), TOKEN)))


def test_a_wrong_token_is_refused_before_a_node_is_started(fleet):
    with pytest.raises(DeviceError, match="token is not that of the fleet"):
        fleet.joiner(gate=Endpoint(LOOPBACK, fleet.gate.port, "w" * 32)).run()
    assert (fleet.nodes, fleet.keeper.devices()) == ([], [])


def test_another_minor_python_is_refused(fleet, monkeypatch):
    monkeypatch.setattr(applicant_module, "own_software", lambda: {**own_software(), "python": "3.8.1"})
    (failure,) = refusals(fleet.joining())
    assert failure.startswith("expected Python 3.") and "got 3.8; make the device's environment" in failure


def test_an_address_that_the_controller_cannot_reach_is_refused(fleet, monkeypatch):
    monkeypatch.setattr(reach, "TIMEOUT_S", 0.05)
    (failure,) = refusals(fleet.joining(address="198.51.100.1"))
    assert "the controller cannot reach 198.51.100.1" in failure


def test_the_name_of_another_device_is_refused(fleet):
    fleet.joiner().run(once=True)
    (failure,) = refusals(fleet.joining(identity="two"))
    assert "another device is called 'rpi4' here" in failure


def test_a_device_under_a_second_name_is_refused(fleet):
    fleet.joiner().run(once=True)
    (failure,) = refusals(fleet.joining("other"))
    assert "already enrolled as 'rpi4'" in failure


def test_a_clock_that_is_an_hour_ahead_is_refused(fleet, monkeypatch):
    monkeypatch.setattr(join_module, "time", SimpleNamespace(time=lambda: time.time() + 3600))
    (failure,) = refusals(fleet.joining())
    assert "the device's clock is 3600 s ahead of the controller's" in failure


def test_a_port_that_is_taken_is_refused_on_the_device(fleet):
    with pytest.raises(DeviceError, match="Address already in use"):
        preflight(fleet.joining(port=fleet.gate.port))


def test_what_the_machine_lacks_and_what_the_controller_dislikes_are_told_together(fleet, monkeypatch):
    monkeypatch.setattr(Applicant, "shortages", lambda self: ["no disk"])
    monkeypatch.setattr(applicant_module, "own_software", lambda: {**own_software(), "protran": "0.0.0"})
    failures = refusals(fleet.joining())
    assert failures[0] == "no disk" and failures[1].startswith("expected protran")
