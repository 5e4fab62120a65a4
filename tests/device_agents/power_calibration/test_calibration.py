import pytest
from power_calibrations import make_calibration

from device_agents.errors import DeviceError
from device_agents.power_calibration.calibration import Calibration
from device_agents.power_calibration.plateau import Plateau


@pytest.mark.parametrize("hold_out", [Plateau.MEMORY_BOUND, Plateau.ONE_CORE])
def test_a_calibration_survives_json(hold_out):
    calibration = make_calibration(hold_out=hold_out, faults=("a clause",))
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_a_calibration_of_full_length_may_be_used():
    assert (make_calibration().short, make_calibration().unusable) == (False, "")


def test_a_trial_is_short_and_not_used():
    trial = make_calibration(duration_s=5.0)
    assert trial.short
    assert trial.unusable == "its plateaus last 5 s, at least 120 s are needed"


def test_a_forced_held_out_error_is_used_and_a_forced_machine_whose_load_costs_nothing_is_not():
    assert make_calibration((4.0, 6.0, 8.0, 2.0), faults=("missed",)).unusable == ""
    assert "a busy core adds -1 W" in make_calibration((4.0, 3.0, 2.0, 2.0), faults=("backwards",)).unusable


def test_another_version_is_refused():
    with pytest.raises(DeviceError, match="version 1, got 2"):
        Calibration.from_json({**make_calibration().to_json(), "version": 2})


@pytest.mark.parametrize("change", [{"model": {}}, {"plateaus": 3}, {"held_out": "sun"}, {"faults": None}])
def test_something_else_is_refused(change):
    with pytest.raises(DeviceError, match="expected a power calibration"):
        Calibration.from_json({**make_calibration().to_json(), **change})


def test_a_list_is_refused():
    with pytest.raises(DeviceError, match="expected a power calibration"):
        Calibration.from_json([])
