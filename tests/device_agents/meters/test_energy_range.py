import math

import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange

COUNTER, GENERIC = Provenance.MEASURED_COUNTER, Provenance.ESTIMATED_GENERIC


def test_the_ends_of_a_reading_are_equal():
    assert EnergyRange.reading(3.0, COUNTER).to_json() == {
        "low_j": 3.0,
        "high_j": 3.0,
        "provenance": "measured-counter",
    }


def test_a_sum_adds_the_ends_and_has_the_weaker_provenance():
    estimate, reading = EnergyRange(1.0, 4.0, GENERIC), EnergyRange.reading(2.0, COUNTER)
    assert estimate.plus(reading) == reading.plus(estimate) == EnergyRange(3.0, 6.0, GENERIC)


def test_a_sum_with_something_unavailable_is_unavailable():
    reading = EnergyRange.reading(2.0, COUNTER)
    assert reading.plus(UNAVAILABLE_ENERGY) == UNAVAILABLE_ENERGY.plus(reading) == UNAVAILABLE_ENERGY


@pytest.mark.parametrize(
    ("low", "high", "provenance", "words"),
    [
        (2.0, 1.0, GENERIC, "low <= high"),
        (-1.0, 1.0, GENERIC, "low <= high"),
        (1.0, math.inf, GENERIC, "finite"),
        (math.nan, 1.0, GENERIC, "finite"),
        (None, None, COUNTER, "low <= high"),
        (0.0, 0.0, Provenance.UNAVAILABLE, "has no joules"),
        (1.0, 1.0, Provenance.SCORED, "measured, estimated or unavailable"),
    ],
)
def test_what_is_no_energy_is_refused(low, high, provenance, words):
    with pytest.raises(DeviceError, match=words):
        EnergyRange(low, high, provenance)
