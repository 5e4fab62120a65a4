import math

import pytest

from device_agents.errors import DeviceError
from device_agents.power_calibration.plateau import Plateau, PlateauWatts


@pytest.mark.parametrize("power_w", [0.0, -1.0, math.nan, math.inf])
def test_watts_that_no_running_machine_draws_are_refused(power_w):
    with pytest.raises(DeviceError, match="idle: a machine that runs draws more than 0 W"):
        PlateauWatts(Plateau.IDLE, 0.0, power_w, 120.0)


@pytest.mark.parametrize(("busy_cores", "duration_s"), [(-1.0, 120.0), (1.0, 0.0), (math.nan, 120.0)])
def test_a_load_that_cannot_be_is_refused(busy_cores, duration_s):
    with pytest.raises(DeviceError, match="one-core: expected busy cores"):
        PlateauWatts(Plateau.ONE_CORE, busy_cores, 5.0, duration_s)


@pytest.mark.parametrize("other", [None, 0.25])
def test_a_plateau_survives_json(other):
    point = PlateauWatts(Plateau.ALL_CORES, 3.9, 6.1, 121.0, other)
    assert PlateauWatts.from_json(point.to_json()) == point
