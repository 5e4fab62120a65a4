import pytest

from device_agents.fleet.attendance import LOST_S, RECORD_S, SUSPECT_S, Attendance
from device_agents.fleet.registry import Enrolled

DEVICE = Enrolled("rpi4", "one", "x", admitted=True)


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def attendance(clock):
    return Attendance(clock)


def state(attendance, device=DEVICE):
    return attendance.described(device)["state"]


def test_a_device_that_never_said_hello_is_lost_and_not_here(attendance):
    described = attendance.described(DEVICE)
    assert (described["state"], described["silent_s"], described["health"]) == ("lost", None, {})
    assert not attendance.here(DEVICE)


@pytest.mark.parametrize(
    ("silence_s", "expected", "here"),
    [
        (0.0, "ready", True),
        (SUSPECT_S, "ready", True),
        (SUSPECT_S + 1, "suspect", False),
        (LOST_S, "suspect", False),
        (LOST_S + 1, "lost", False),
    ],
)
def test_silence_makes_a_device_suspect_and_then_lost(attendance, clock, silence_s, expected, here):
    attendance.saw("rpi4", {})
    clock.now_s += silence_s
    assert (state(attendance), attendance.here(DEVICE)) == (expected, here)
    assert attendance.described(DEVICE)["silent_s"] == silence_s


def test_a_device_that_comes_back_is_ready_again(attendance, clock):
    attendance.saw("rpi4", {})
    clock.now_s += LOST_S + 1
    attendance.saw("rpi4", {})
    assert state(attendance) == "ready"


def test_a_device_that_measures_is_busy(attendance):
    attendance.saw("rpi4", {"running": "job", "load": 1.0})
    assert (state(attendance), attendance.described(DEVICE)["health"]["load"]) == ("busy", 1.0)


def test_a_device_that_was_not_admitted_is_refused_or_still_joining(attendance):
    attendance.saw("rpi4", {})
    assert state(attendance, Enrolled("rpi4", "one", "x", reason="no memory")) == "refused"
    assert state(attendance, Enrolled("rpi4", "one", "x")) == "joining"


def test_a_device_that_left_in_order_is_lost_at_once(attendance):
    attendance.saw("rpi4", {"running": "job"})
    attendance.left("rpi4")
    assert (state(attendance), attendance.described(DEVICE)["health"]) == ("lost", {})


def test_whoever_never_came_may_leave(attendance):
    attendance.left("nobody")


def test_a_sign_without_health_keeps_the_last_health(attendance):
    attendance.saw("rpi4", {"load": 1.0})
    attendance.saw("rpi4", {})
    assert attendance.described(DEVICE)["health"] == {"load": 1.0}


def test_hellos_are_written_down_once_a_minute(attendance, clock):
    due = []
    for _ in range(3):
        due.append(attendance.saw("rpi4", {}))
        clock.now_s += RECORD_S / 2
    assert due == [True, False, True]
