import threading
import time

import pytest
from fleet_parts import preflight_body

from device_agents.errors import DeviceError
from device_agents.fleet.gatekeeper import CLOCK_TOLERANCE_S, Gatekeeper
from device_agents.fleet.registry import Registry
from device_agents.fleet.software import minor, own_software

TESTED = {"boot": "boot 1", "facts": {"cores": 4}, "reference": {"latency_s": 0.01}, "self_test": {"drift": 0.0}}


class House:
    """A gatekeeper whose devices pass every test, unless told otherwise."""

    def __init__(self, folder):
        self.registry = Registry(folder / "devices.json")
        self.tests, self.found, self.way = [], dict(TESTED), ""
        self.during = lambda: None
        self.keeper = Gatekeeper(
            self.registry, 6378, admit=self.admit, reach=lambda *place: self.way, facts={"address": "127.0.0.1"}
        )

    def admit(self, name, full):
        self.tests.append((name, full))
        self.during()
        return self.found

    def ask(self, verb, name="rpi4", identity="one", **body):
        return self.keeper.answer(verb, {"name": name, "identity": identity, **body})

    def knock(self, *arguments, **changes):
        return self.keeper.answer("preflight", preflight_body(*arguments, **changes))["failures"]

    def join(self, name="rpi4", identity="one"):
        assert self.knock(name, identity) == []
        return self.ask("admit", name, identity)

    def state(self, name="rpi4"):
        return next(device["state"] for device in self.keeper.devices() if device["name"] == name)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_a_device_that_passes_is_told_where_ray_is_and_is_ready_after_its_test(house):
    assert house.keeper.answer("preflight", preflight_body()) == {"failures": [], "ray_port": 6378}
    assert house.state() == "joining"
    assert house.ask("admit")["state"] == "ready"
    assert house.tests == [("rpi4", True)]
    assert house.registry.get("rpi4").reference == TESTED["reference"]


def test_a_device_that_fails_its_test_is_refused_with_the_reason(house):
    house.knock()
    house.found = {"reason": "no torch"}
    described = house.ask("admit")
    assert (described["state"], described["reason"]) == ("refused", "no torch")


def test_everything_that_is_wrong_is_told_at_once(house):
    house.way = "no way back"
    software = {"python": "3.9.1", "ray": "1.0", "protran": "0.0.1"}
    failures = house.knock(software=software, clock_s=time.time() - 3600)
    ours = own_software()
    for failure, expected in zip(
        failures, (f"Python {minor(ours['python'])}", f"ray {ours['ray']}", "protran"), strict=False
    ):
        assert failure.startswith(f"expected {expected}")
    assert "behind the controller's" in failures[3] and failures[4] == "no way back"
    assert house.state() == "refused"


@pytest.mark.parametrize(
    ("ahead_s", "word"), [(CLOCK_TOLERANCE_S + 30, "ahead of"), (-CLOCK_TOLERANCE_S - 30, "behind")]
)
def test_a_clock_that_is_wrong_is_refused(house, ahead_s, word):
    (failure,) = house.knock(clock_s=time.time() + ahead_s)
    assert word in failure and "timedatectl" in failure


def test_a_clock_that_is_nearly_right_is_good(house):
    assert house.knock(clock_s=time.time() + CLOCK_TOLERANCE_S - 30) == []


def test_the_name_of_another_device_is_refused_and_that_device_stays_what_it_was(house):
    house.join()
    before = house.registry.get("rpi4")
    (failure,) = house.knock(identity="two", address="10.0.0.9")
    assert "another device is called 'rpi4'" in failure and "protran device remove rpi4" in failure
    assert (house.registry.get("rpi4"), house.state()) == (before, "ready")


def test_a_device_under_a_second_name_is_refused_with_its_first(house):
    house.join()
    (failure,) = house.knock("other", "one")
    assert "already enrolled as 'rpi4'" in failure
    assert (house.state(), house.state("other")) == ("ready", "refused")


def test_a_second_joiner_of_a_device_that_is_well_is_refused_and_does_no_harm(house):
    house.join()
    (failure,) = house.knock(clock_s=time.time() + 3600)[:1]
    assert "has joined already and is well" in failure
    assert (house.state(), house.registry.get("rpi4").admitted) == ("ready", True)


def test_the_name_of_a_device_that_was_never_admitted_can_be_taken_over(house):
    house.way = "no way back"
    house.knock(identity="one")
    house.way = ""
    assert house.join(identity="two")["state"] == "ready"
    assert house.registry.get("rpi4").identity == "two"


def test_a_known_device_that_comes_back_is_tested_briefly(house):
    house.join()
    house.ask("leave")
    house.found = {"boot": "boot 2"}
    assert house.join()["state"] == "ready"
    assert house.tests == [("rpi4", True), ("rpi4", False)]
    assert house.registry.get("rpi4").reference == TESTED["reference"]


@pytest.mark.parametrize("change", [{"agent": {"kind": "ssh", "options": {}}}, {"software": None}])
def test_a_device_whose_agent_or_software_changed_is_tested_in_full(house, change):
    house.join()
    house.ask("leave")
    if change.get("software", ()) is None:
        house.registry.revise(house.registry.get("rpi4"), software={"python": "older"})
        change = {}
    assert house.knock(**change) == []
    house.ask("admit")
    assert house.tests[-1] == ("rpi4", True)


def test_an_applicant_cannot_bring_its_own_admission_along(house):
    house.knock(admitted=True, facts={"cores": 99}, reference={"latency_s": 9}, self_test={"drift": 9}, enrolled_at="x")
    known = house.registry.get("rpi4")
    assert (known.admitted, known.facts, known.reference, known.self_test) == (False, {}, None, {})


def test_a_device_whose_test_takes_long_is_ready_right_after_it(house):
    now_s = [0.0]
    house.keeper._attendance._clock = lambda: now_s[0]
    house.knock()
    house.during = lambda: now_s.__setitem__(0, 100.0)
    assert house.ask("admit")["state"] == "ready"


def test_a_device_that_was_removed_during_its_test_stays_removed(house):
    house.knock()
    house.during = lambda: house.ask("remove")
    with pytest.raises(DeviceError, match="was removed while it was tested"):
        house.ask("admit")
    assert house.keeper.devices() == []


def test_what_changed_during_a_test_is_kept(house):
    house.join()
    house.found = {"reason": "too slow"}
    house.during = lambda: house.registry.revise(house.registry.get("rpi4"), boot="boot 9")
    house.ask("check")
    assert (house.registry.get("rpi4").boot, house.registry.get("rpi4").reason) == ("boot 9", "too slow")


def test_a_check_tests_in_full_and_does_not_count_as_a_sign_of_life(house):
    house.join()
    house.ask("leave")
    seen = house.registry.get("rpi4").last_seen_at
    house.found = {"reason": "the node did not appear"}
    assert house.ask("check")["state"] == "refused"
    assert house.tests[-1] == ("rpi4", True)
    assert house.registry.get("rpi4").last_seen_at == seen
    assert house.knock() == []


def test_checking_an_unknown_device_is_refused(house):
    with pytest.raises(DeviceError, match="there is no device 'rpi4'"):
        house.ask("check")


def test_a_hello_tells_health_and_hears_the_state(house):
    house.join()
    assert house.ask("hello", health={"running": "job"}) == {"state": "busy"}
    assert house.keeper.devices()[0]["health"] == {"running": "job"}


@pytest.mark.parametrize("identity", ["one", "two"])
def test_a_removed_device_and_one_whose_name_another_has_hear_so(house, identity):
    house.join()
    if identity == "one":
        house.ask("remove")
    assert house.ask("hello", identity=identity) == {"state": "removed"}


@pytest.mark.parametrize("verb", ["admit", "leave"])
def test_an_unknown_device_can_neither_be_admitted_nor_leave(house, verb):
    with pytest.raises(DeviceError, match=r"does not know the device 'rpi4'"):
        house.ask(verb)


def test_a_device_that_leaves_is_lost_at_once_and_may_return(house):
    house.join()
    house.ask("leave")
    assert house.state() == "lost"
    assert house.join()["state"] == "ready"


def test_a_removed_device_may_join_as_a_new_one(house):
    house.join()
    house.ask("remove")
    assert house.join("rpi5", "one")["state"] == "ready"


def test_the_status_tells_facts_and_devices(house):
    house.join()
    status = house.keeper.answer("status", {})
    assert (status["address"], [device["name"] for device in status["devices"]]) == ("127.0.0.1", ["rpi4"])
    assert house.keeper.answer("devices", {})["devices"] == status["devices"]


def test_an_unknown_verb_is_refused(house):
    with pytest.raises(DeviceError, match=r"expected one of preflight.* got 'dance'"):
        house.ask("dance")


@pytest.mark.parametrize("name", ["../x", "local", "", 3])
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(house, name):
    with pytest.raises(DeviceError):
        house.knock(name)
    assert house.keeper.devices() == []


def test_an_agent_of_an_unknown_kind_is_refused(house):
    with pytest.raises(DeviceError, match="expected an agent of kind local or ssh, got 'shell'"):
        house.knock(agent={"kind": "shell"})


def test_devices_that_are_tested_at_once_do_not_wait_for_each_other(house):
    house.knock("a", "one")
    house.knock("b", "two")
    both = threading.Barrier(2, timeout=10.0)
    house.during = both.wait
    other = threading.Thread(target=house.ask, args=("admit", "a", "one"))
    other.start()
    assert house.ask("admit", "b", "two")["state"] == "ready"
    other.join()
    assert house.state("a") == "ready"
