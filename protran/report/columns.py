"""The columns of a front: what each is called, its unit for reading, and the provenance that its values share.

Reads the front's JSON document, the schema that is the same for files, the command line and the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protran.quantities import Quantity
from protran.report.scale import Scale, scale_for

Document = Mapping[str, Any]
"""A front as `Front.to_json` writes it."""


@dataclass(frozen=True)
class Column:
    """One value of the candidates, as it is shown.

    Attributes:
        name: key of the value, for example `latency_s@jetson`.
        label: for people, for example `latency on jetson`.
        scale: the unit for reading.
        provenance: what all values share; None where they differ.
        objective: candidates are chosen by it.
        maximise: larger is better.
    """

    name: str
    label: str
    scale: Scale
    provenance: str | None
    objective: bool = True
    maximise: bool = False

    @property
    def heading(self) -> str:
        """The label with the unit, for example ``latency [ms]``."""
        return f"{self.label} [{self.scale.symbol}]" if self.scale.symbol else self.label

    def cell(self, value: Mapping[str, Any] | None) -> str:
        """Returns a value ``{"value", "stderr", "provenance"}`` as text; with its provenance where the column mixes."""
        if value is None or value["value"] is None:
            return "-"
        text = self.scale.write(value["value"], value["stderr"])
        return text if self.provenance is not None else f"{text} ({value['provenance']})"


def columns_of(document: Document, *, also: Sequence[str] = ()) -> tuple[Column, ...]:
    """Returns a column for each objective of the front, then those named in `also` that any candidate has."""
    columns = [_column(document, item["name"], item) for item in document["objectives"]]
    taken = {column.name for column in columns}
    for name in also:
        if name not in taken and any(name in candidate["values"] for candidate in document["candidates"]):
            columns.append(_column(document, name, None))
    return tuple(columns)


def _column(document: Document, name: str, objective: Mapping[str, Any] | None) -> Column:
    values = [candidate["values"][name] for candidate in document["candidates"] if name in candidate["values"]]
    known = [value for value in values if value["value"] is not None]
    sources = {value["provenance"] for value in known}
    unit = objective["unit"] if objective else values[0]["unit"]
    return Column(
        name=name,
        label=label_of(name),
        scale=scale_for([value["value"] for value in known], unit),
        provenance=next(iter(sources)) if len(sources) == 1 else None if sources else "",
        objective=objective is not None,
        maximise=bool(objective and objective["direction"] == "maximise"),
    )


def label_of(name: str) -> str:
    """Returns the name of a value for people: ``latency on jetson`` for ``latency_s@jetson``."""
    quantity, _, device = name.partition("@")
    known = {item.value: item.short_name for item in Quantity}
    label = known.get(quantity, quantity).replace("_", " ").replace("-", " ")
    places = {"worst": f"{label} on the worst device", "mean": f"mean {label} of the devices"}
    return places.get(device, f"{label} on {device}") if device else label
