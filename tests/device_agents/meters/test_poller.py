import threading
import time

import pytest

from device_agents.errors import DeviceError
from device_agents.meters.poller import JITTER, ThreadPoller


def wait_for(condition):
    deadline = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.001)


def test_it_looks_again_and_again_until_it_is_stopped():
    looks = []
    poller = ThreadPoller(500.0)
    poller.start(lambda: looks.append(1))
    wait_for(lambda: len(looks) >= 3)
    poller.stop()
    seen = len(looks)
    time.sleep(0.02)
    assert len(looks) == seen


def test_it_can_be_started_anew_and_stopped_twice():
    looks = []
    poller = ThreadPoller(500.0)
    for _ in range(2):
        looks.clear()
        poller.start(lambda: looks.append(1))
        wait_for(lambda: looks)
        poller.stop()
    poller.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "meter"]


def test_periods_are_jittered_around_their_mean():
    waits = []

    class Waits(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return len(waits) > 200

    poller = ThreadPoller(10.0)
    poller._stopped = Waits()
    poller._run(lambda: None)
    assert 0.1 * (1 - JITTER) <= min(waits) < 0.085
    assert 0.115 < max(waits) <= 0.1 * (1 + JITTER)
    assert sum(waits) / len(waits) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("error", [DeviceError("the sensor is gone"), ZeroDivisionError("the sensor is gone")])
def test_a_look_that_fails_is_told_at_the_stop_and_not_repeated(error):
    looks = []

    def look():
        looks.append(1)
        raise error

    poller = ThreadPoller(500.0)
    poller.start(look)
    wait_for(lambda: not any(thread.name == "meter" for thread in threading.enumerate()))
    with pytest.raises(DeviceError, match="the sensor is gone"):
        poller.stop()
    assert looks == [1]
    poller.stop()
