from __future__ import annotations

import math

import pytest

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange
from protran.carbon.footprint import Footprint, Stage, memory_energy
from protran.carbon.intensity import own_intensity
from protran.errors import InputError

KWH_J = 3.6e6
READING = EnergyRange.reading(2 * KWH_J, Provenance.MEASURED_COUNTER)
GUESS = EnergyRange(1 * KWH_J, 3 * KWH_J, Provenance.ESTIMATED_GENERIC)


def test_two_kilowatt_hours_at_400_g_in_a_building_of_1_5_are_1200_g() -> None:
    found = Footprint({Stage.TRAINING: READING}, own_intensity(400), pue=1.5).emission(Stage.TRAINING)
    assert (found.low_g, found.high_g) == (pytest.approx(1200), pytest.approx(1200))


def test_at_home_nothing_is_added_to_the_device() -> None:
    assert Footprint({Stage.TRAINING: READING}, own_intensity(400)).total().low_g == pytest.approx(800)


@pytest.mark.parametrize("energy", [READING, GUESS])
def test_the_emission_inherits_the_provenance_of_the_energy(energy: EnergyRange) -> None:
    assert Footprint({Stage.INFERENCE: energy}, own_intensity(1)).total().provenance is energy.provenance


def test_training_and_inference_stay_apart_and_add_up() -> None:
    footprint = Footprint({Stage.TRAINING: READING, Stage.INFERENCE: GUESS}, own_intensity(100))
    training, inference, total = (
        footprint.emission(Stage.TRAINING),
        footprint.emission(Stage.INFERENCE),
        footprint.total(),
    )
    assert (training.low_g, training.high_g) == (pytest.approx(200), pytest.approx(200))
    assert (inference.low_g, inference.high_g) == (pytest.approx(100), pytest.approx(300))
    assert (total.low_g, total.high_g) == (pytest.approx(300), pytest.approx(500))
    assert (training.provenance, total.provenance) == (Provenance.MEASURED_COUNTER, Provenance.ESTIMATED_GENERIC)


def test_where_energy_is_unavailable_the_emission_and_the_total_are() -> None:
    footprint = Footprint({Stage.TRAINING: READING, Stage.INFERENCE: UNAVAILABLE_ENERGY}, own_intensity(100))
    nothing = {"low_g": None, "high_g": None, "provenance": "unavailable"}
    told = footprint.to_json()
    assert told["parts"]["inference"]["emission"] == told["total"] == nothing
    assert told["parts"]["training"]["emission"]["low_g"] == pytest.approx(200)


def test_a_later_change_of_the_callers_energies_changes_nothing() -> None:
    energies = {Stage.TRAINING: READING}
    footprint = Footprint(energies, own_intensity(100))
    energies[Stage.INFERENCE] = UNAVAILABLE_ENERGY
    assert footprint.total().low_g == pytest.approx(200)


def test_the_json_names_grid_and_building() -> None:
    told = Footprint({Stage.PROGRAM: READING}, own_intensity(100), pue=1.2).to_json()
    assert (told["intensity"]["g_per_kwh"], told["pue"], list(told["parts"])) == (100, 1.2, ["program"])


def test_64_gb_of_memory_for_an_hour_draw_what_green_algorithms_says() -> None:
    found = memory_energy(64e9, 3600)
    assert found.low_j == found.high_j == pytest.approx(64 * 0.3725 * 3600)
    assert found.provenance is Provenance.ESTIMATED_GENERIC


@pytest.mark.parametrize(("size", "duration"), [(-1, 1), (1, -1), (math.nan, 1), (1, math.inf)])
def test_memory_that_cannot_be_is_refused(size: float, duration: float) -> None:
    with pytest.raises(InputError, match="at least 0"):
        memory_energy(size, duration)


@pytest.mark.parametrize("pue", [0.9, math.inf, math.nan])
def test_a_building_cannot_draw_less_than_what_is_in_it(pue: float) -> None:
    with pytest.raises(InputError, match="PUE"):
        Footprint({Stage.TRAINING: READING}, own_intensity(1), pue)


def test_a_footprint_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least one stage"):
        Footprint({}, own_intensity(1))


def test_a_stage_that_was_not_given_is_refused() -> None:
    with pytest.raises(InputError, match="must be one of training; got inference"):
        Footprint({Stage.TRAINING: READING}, own_intensity(1)).emission(Stage.INFERENCE)
