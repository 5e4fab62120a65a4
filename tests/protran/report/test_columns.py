from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from protran.report.columns import columns_of, label_of

Maker = Callable[..., dict[str, Any]]


def test_a_column_has_a_unit_for_reading_and_the_provenance_that_its_values_share(front_document: Maker) -> None:
    error, latency, memory = columns_of(front_document())
    assert (error.heading, error.provenance) == ("error [%]", "scored")
    assert (latency.heading, latency.provenance) == ("latency [ms]", "measured-counter")
    assert (memory.heading, memory.provenance) == ("memory [kB]", "exact")


def test_a_column_that_mixes_provenances_says_it_in_every_cell(front_document: Maker) -> None:
    document = front_document()
    document["candidates"][0]["values"]["latency_s"]["provenance"] = "predicted"
    latency = columns_of(document)[1]
    assert latency.provenance is None
    assert latency.cell(document["candidates"][0]["values"]["latency_s"]) == "1.000 ± 0.020 (predicted)"
    assert latency.cell(document["candidates"][1]["values"]["latency_s"]) == "2.000 ± 0.020 (measured-counter)"


def test_a_value_that_is_unavailable_is_a_dash(front_document: Maker) -> None:
    document = front_document(objectives=("error", "energy_j"))
    energy = columns_of(document)[1]
    assert energy.provenance == ""
    assert energy.cell(document["candidates"][0]["values"]["energy_j"]) == "-"
    assert energy.cell(None) == "-"


def test_a_reported_value_is_a_column_but_no_objective(front_document: Maker) -> None:
    *_, test_error = columns_of(front_document(), also=("test_error", "parameters"))
    assert (test_error.name, test_error.objective) == ("test_error", False)


def test_an_empty_front_has_its_columns_all_the_same(front_document: Maker) -> None:
    assert [column.name for column in columns_of(front_document(0))] == ["error", "latency_s", "memory_bytes"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("latency_s@jetson", "latency on jetson"),
        ("latency_s@worst", "latency on the worst device"),
        ("latency_s@mean", "mean latency of the devices"),
        ("peak_power_w", "peak power"),
        ("error", "error"),
        ("odd_one", "odd one"),
    ],
)
def test_a_value_has_a_name_for_people(name: str, label: str) -> None:
    assert label_of(name) == label
