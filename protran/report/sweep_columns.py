"""The quantities of a sweep: what each is called, its unit for reading, and the provenance that its points share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protran.report.columns import Column, label_of
from protran.report.scale import scale_for

Document = Mapping[str, Any]
"""One point of a sweep, as `protran profile --json` writes it."""

_SHOWN = (
    ("latency_s", False),
    ("latency_s", True),
    ("core_seconds", False),
    ("memory_bytes", False),
    ("energy_j", False),
    ("peak_power_w", False),
)
_DRAWN = (
    ("latency_s", True),
    ("core_seconds", True),
    ("energy_j", True),
    ("peak_power_w", False),
    ("memory_bytes", False),
)


@dataclass(frozen=True)
class SweepColumn:
    """One quantity, per call or per sequence.

    Attributes:
        column: its label, unit for reading, and provenance.
        unit: the SI unit of its values.
        per_sequence: values are those of a call over its batch size.
    """

    column: Column
    unit: str
    per_sequence: bool

    def value(self, point: Document) -> dict[str, Any] | None:
        """Returns ``{"value", "stderr", "provenance"}`` of a point; None where it is not known."""
        return _value(point, self.column.name, per_sequence=self.per_sequence)


def shown_columns(points: Sequence[Document]) -> list[SweepColumn]:
    """Returns what a table shows: a column for each quantity that any point knows, latency twice."""
    return [column for name, each in _SHOWN if (column := _column(points, name, per_sequence=each)) is not None]


def drawn_columns(points: Sequence[Document]) -> list[SweepColumn]:
    """Returns what a picture draws: what calls of different batch size share is per sequence."""
    return [column for name, each in _DRAWN if (column := _column(points, name, per_sequence=each)) is not None]


def missing_labels(points: Sequence[Document]) -> list[str]:
    """Returns what a table would show and no point knows."""
    names = dict.fromkeys(name for name, _ in _SHOWN)
    return [label_of(name) for name in names if _column(points, name, per_sequence=False) is None]


def _column(points: Sequence[Document], name: str, *, per_sequence: bool) -> SweepColumn | None:
    known = [value for point in points if (value := _value(point, name, per_sequence=per_sequence)) is not None]
    if not known:
        return None
    sources = {value["provenance"] for value in known}
    unit = next(point["values"][name]["unit"] for point in points if name in point["values"])
    shared = sources.pop() if len(sources) == 1 else None
    label = f"{label_of(name)} per sequence" if per_sequence else label_of(name)
    scale = scale_for([value["value"] for value in known], unit)
    return SweepColumn(Column(name, label, scale, shared), unit, per_sequence)


def _value(point: Document, name: str, *, per_sequence: bool) -> dict[str, Any] | None:
    found = point["values"].get(name)
    if found is None or found["value"] is None:
        return None
    parts = point["workload"]["batch_size"] if per_sequence else 1
    stderr = None if found["stderr"] is None else found["stderr"] / parts
    return {"value": found["value"] / parts, "stderr": stderr, "provenance": found["provenance"]}
