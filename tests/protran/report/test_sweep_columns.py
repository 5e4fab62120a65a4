from __future__ import annotations

from typing import Any

from protran.report.sweep_columns import drawn_columns, missing_labels, shown_columns


def value(number: float | None, unit: str, provenance: str = "simulated") -> dict[str, Any]:
    return {"value": number, "stderr": None if number is None else number / 10, "provenance": provenance, "unit": unit}


def point(batch: int, **values: dict[str, Any]) -> dict[str, Any]:
    return {"workload": {"batch_size": batch}, "values": values}


POINTS = [
    point(1, latency_s=value(0.002, "s"), energy_j=value(None, "J", "unavailable")),
    point(8, latency_s=value(0.008, "s", "measured-counter"), memory_bytes=value(4e6, "B", "exact")),
    point(64),
]


def test_only_what_some_point_knows_has_a_column() -> None:
    labels = [column.column.label for column in shown_columns(POINTS)]
    assert labels == ["latency", "latency per sequence", "memory"]
    assert [column.column.label for column in drawn_columns(POINTS)] == ["latency per sequence", "memory"]
    assert missing_labels(POINTS) == ["core seconds", "energy", "peak power"]


def test_a_value_per_sequence_and_its_error_are_those_of_the_call_over_the_batch() -> None:
    per_call, per_sequence, memory = shown_columns(POINTS)
    assert per_call.value(POINTS[1]) == {"value": 0.008, "stderr": 0.0008, "provenance": "measured-counter"}
    assert per_sequence.value(POINTS[1]) == {"value": 0.001, "stderr": 0.0001, "provenance": "measured-counter"}
    assert memory.value(POINTS[0]) is None
    assert per_call.value(POINTS[2]) is None


def test_provenance_is_shared_or_none() -> None:
    per_call, _, memory = shown_columns(POINTS)
    assert (per_call.column.provenance, memory.column.provenance) == (None, "exact")
