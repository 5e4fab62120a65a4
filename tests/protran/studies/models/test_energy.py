"""Energy and CO2e: a reading, an estimate that was asked for, or nothing."""

import math

import pytest

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange
from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.studies.models.energy import EnergyQuestion, NoSensor, middle_j

NOTHING = (math.nan, "")


def test_a_reading_is_taken_as_it_is_even_where_estimates_are_asked_for():
    found = EnergyQuestion(estimate=True).energy(5.0, "measured-counter", 10.0, 10.0)
    assert found == EnergyRange.reading(5.0, Provenance.MEASURED_COUNTER)


def test_without_a_reading_there_is_no_energy():
    assert EnergyQuestion().energy(*NOTHING, 10.0, 10.0) == UNAVAILABLE_ENERGY


def test_an_estimate_is_made_only_where_it_is_asked_for():
    found = EnergyQuestion(estimate=True).energy(*NOTHING, 10.0, 2.0)
    assert found.provenance is Provenance.ESTIMATED_GENERIC
    assert (found.low_j, found.high_j) == pytest.approx((1.6, 47.6))
    assert middle_j(found) == pytest.approx(math.sqrt(1.6 * 47.6))


def test_grams_need_a_grid_and_an_energy():
    energy = EnergyRange.reading(3.6e6, Provenance.MEASURED_COUNTER)
    grid = Grid(own_intensity(100.0), 1.5)
    assert EnergyQuestion(grid).grams(energy) == pytest.approx(150)
    assert math.isnan(EnergyQuestion().grams(energy))
    assert math.isnan(EnergyQuestion(grid).grams(UNAVAILABLE_ENERGY))


def test_no_sensor_reads_nothing():
    with NoSensor() as span:
        pass
    assert span.energy() == UNAVAILABLE_ENERGY
