from __future__ import annotations

from typing import Any

import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.cli.profile_carbon import add_carbon

GRID = Grid(own_intensity(3600), 1.0)  # so that a joule is a milligram
MEASURED = Value(0.5, 0.01, Provenance.MEASURED_COUNTER)


def document(energy: Value | None = MEASURED, batch: int = 4, device: str = "local", length: int = 16) -> Any:
    values = {} if energy is None else {"energy_j": {**energy.to_json(), "unit": "J"}}
    return {
        "device": device,
        "values": values,
        "workload": {"batch_size": batch},
        "input_spec": {"length": length},
    }


def test_grams_are_of_a_call_and_of_a_thousand_sequences_with_the_provenance_of_the_energy() -> None:
    told = document()
    add_carbon([told], GRID)
    carbon = told["carbon"]
    assert carbon["intensity"]["g_per_kwh"] == 3600
    assert carbon["pue"] == 1.0
    assert carbon["per_call"] == {
        "value": pytest.approx(0.0005),
        "stderr": pytest.approx(0.00001),
        "provenance": "measured-counter",
        "unit": "g",
    }
    assert carbon["per_1000_sequences"]["value"] == pytest.approx(0.125)
    assert carbon["per_1000_sequences"]["stderr"] == pytest.approx(0.0025)


def test_the_lines_say_the_grid_and_the_grams() -> None:
    assert add_carbon([document()], GRID) == [
        "CO2e at 3600 g/kWh (own value), PUE 1:",
        "  500 ug per call, 125 mg ± 2 % per 1,000 sequences, measured-counter",
    ]


@pytest.mark.parametrize("energy", [UNAVAILABLE, None])
def test_without_energy_there_are_no_grams_and_it_is_said(energy: Value | None) -> None:
    told = document(energy)
    assert add_carbon([told], GRID)[1] == "  unavailable: no energy was measured"
    nothing = {"value": None, "stderr": None, "provenance": "unavailable", "unit": "g"}
    assert told["carbon"]["per_call"] == told["carbon"]["per_1000_sequences"] == nothing


def test_several_points_are_told_apart_by_what_differs() -> None:
    lines = add_carbon([document(batch=1), document(batch=8), document(UNAVAILABLE, 8, "a\x1b[2J")], GRID)
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "  local, batch 1",
        "  local, batch 8",
        "  a\\x1b[2J, batch 8",
    ]


def test_without_a_grid_nothing_is_added() -> None:
    told = document()
    assert add_carbon([told], None) == []
    assert "carbon" not in told
