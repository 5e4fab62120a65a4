from __future__ import annotations

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange
from protran.carbon.footprint import Emission
from protran.carbon.grid import Grid
from protran.carbon.intensity import country_intensity, own_intensity
from protran.cli.carbon_text import emission_text, energy_text, grid_text

GENERIC = Provenance.ESTIMATED_GENERIC


def test_a_reading_is_one_figure_and_an_estimate_a_range() -> None:
    assert energy_text(EnergyRange.reading(2.0, Provenance.MEASURED_COUNTER), "RAPL") == "2 J, measured-counter: RAPL"
    assert energy_text(EnergyRange(1.0, 30.0, GENERIC), "guess") == "1 J to 30 J, estimated-generic: guess"
    assert emission_text(Emission(0.001, 0.03, GENERIC)) == "1 mg to 30 mg, estimated-generic"


def test_what_is_unavailable_says_why() -> None:
    assert energy_text(UNAVAILABLE_ENERGY, "no sensor") == "unavailable: no sensor"
    assert emission_text(Emission(None, None, Provenance.UNAVAILABLE)) == "unavailable: no energy"


def test_a_grid_has_its_place_and_year_unless_it_is_a_users_own() -> None:
    assert grid_text(Grid(country_intensity("DE"), 1.2)) == "380.95 g/kWh (Germany, 2023), PUE 1.2"
    assert grid_text(Grid(own_intensity(30))) == "30 g/kWh (own value), PUE 1"
