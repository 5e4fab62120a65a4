import pytest

from device_agents.errors import DeviceError, RequestError
from device_agents.power_calibration.given_watts import parse_watts, point_of, unattended_points
from device_agents.power_calibration.holding import Held
from device_agents.power_calibration.plateau import Plateau

ALL = "idle=2.7, one-core=3.9,all-cores=6.1,memory-bound=5.6"


def test_the_watts_of_each_plateau_are_read():
    assert parse_watts(ALL) == dict(zip(Plateau, (2.7, 3.9, 6.1, 5.6), strict=True))


@pytest.mark.parametrize("text", ["", "idle", "idle=x", "idle=nan", "sun=3", "idle=1,idle=2", "idle=1,"])
def test_watts_that_cannot_be_read_come_with_an_example(text):
    with pytest.raises(RequestError, match=r"such as idle=2\.7,one-core=3.9"):
        parse_watts(text)


def test_a_plateau_without_watts_is_named():
    with pytest.raises(RequestError, match="all-cores, memory-bound is missing"):
        parse_watts("idle=1,one-core=2")


def test_plateaus_that_somebody_else_held_have_the_cores_of_their_name():
    points = unattended_points(parse_watts(ALL), 4, 120.0)
    assert [point.busy_cores for point in points] == [0.0, 1.0, 4.0, 4.0]


def test_watts_below_0_are_refused():
    with pytest.raises(DeviceError, match="draws more than 0 W, got -3 W"):
        unattended_points(parse_watts(ALL.replace("2.7", "-3")), 4, 120.0)


def test_a_plateau_that_was_held_keeps_what_was_seen_of_it():
    point = point_of(Held(Plateau.ONE_CORE, 1.0, 120.5, 0.98, 0.1), 4.0)
    assert (point.busy_cores, point.power_w, point.duration_s, point.other_busy_cores) == (0.98, 4.0, 120.5, 0.1)
