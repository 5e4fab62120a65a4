from __future__ import annotations

import math

import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.errors import InputError

GRID = Grid(own_intensity(360), pue=1.5)


def test_a_measured_joule_becomes_grams_with_its_error_and_provenance() -> None:
    found = GRID.grams(Value(2.0, 0.1, Provenance.MEASURED_SAMPLED))
    assert found.value == pytest.approx(2.0 * 1.5 * 360 / 3.6e6)
    assert found.stderr == pytest.approx(0.05 * found.value)
    assert found.provenance is Provenance.MEASURED_SAMPLED


def test_an_energy_without_an_error_has_grams_without_one() -> None:
    assert GRID.grams(Value(2.0, None, Provenance.SIMULATED)).stderr is None


def test_no_joules_are_no_grams() -> None:
    assert GRID.grams(UNAVAILABLE) == UNAVAILABLE


@pytest.mark.parametrize("pue", [0.9, math.inf, math.nan])
def test_a_building_that_draws_less_than_what_is_in_it_is_refused(pue: float) -> None:
    with pytest.raises(InputError, match="PUE"):
        Grid(own_intensity(1), pue)
