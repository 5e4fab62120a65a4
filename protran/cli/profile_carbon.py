"""Grams of CO2e of a profile: of each call and of a thousand sequences, with the provenance of the energy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from device_agents.measurement import UNAVAILABLE, Value
from protran.carbon.grid import Grid
from protran.cli.carbon_text import grid_text
from protran.cli.monitor_summary import format_grams
from protran.cli.terminal import harmless

GRAM = "g"
SEQUENCES = 1000


def add_carbon(documents: Sequence[dict[str, Any]], grid: Grid | None) -> list[str]:
    """Puts ``"carbon"`` into documents of `protran profile` and returns the lines for people.

    ``{"intensity", "pue", "per_call", "per_1000_sequences"}``, the last two as values with their unit. Where the energy
    is unavailable, so are they.

    Args:
        documents: with ``values`` by quantity, ``device``, ``input_spec`` and ``workload``; changed in place.
        grid: what feeds the devices; None to leave everything as it is.
    """
    if grid is None:
        return []
    for document in documents:
        document["carbon"] = _carbon(document, grid)
    lines = [
        f"  {name}{_line(document['carbon'])}" for name, document in zip(_names(documents), documents, strict=True)
    ]
    return [f"CO2e at {harmless(grid_text(grid))}:", *lines]


def _carbon(document: dict[str, Any], grid: Grid) -> dict[str, Any]:
    energy = document["values"].get("energy_j")
    per_call = UNAVAILABLE if energy is None else grid.grams(Value.from_json(energy))
    per_thousand = _times(per_call, SEQUENCES / document["workload"]["batch_size"])
    return {
        **grid.to_json(),
        "per_call": {**per_call.to_json(), "unit": GRAM},
        f"per_{SEQUENCES}_sequences": {**per_thousand.to_json(), "unit": GRAM},
    }


def _times(value: Value, factor: float) -> Value:
    if value.value is None:
        return value
    return Value(value.value * factor, None if value.stderr is None else value.stderr * factor, value.provenance)


def _names(documents: Sequence[dict[str, Any]]) -> list[str]:
    """Returns of each document what tells it from the others, with a colon behind it."""
    parts = [
        (
            harmless(document["device"]),
            f"length {document['input_spec']['length']}",
            f"batch {document['workload']['batch_size']}",
        )
        for document in documents
    ]
    differ = [number for number, column in enumerate(zip(*parts, strict=True)) if len(set(column)) > 1]
    return [f"{', '.join(part[number] for number in differ)}: " if differ else "" for part in parts]


def _line(carbon: dict[str, Any]) -> str:
    per_call, per_thousand = carbon["per_call"], carbon[f"per_{SEQUENCES}_sequences"]
    if per_call["value"] is None:
        return "unavailable: no energy was measured"
    return (
        f"{format_grams(per_call['value'])} per call, {_with_error(per_thousand)} per {SEQUENCES:,} sequences, "
        f"{per_call['provenance']}"
    )


def _with_error(value: dict[str, Any]) -> str:
    relative = value["stderr"] / value["value"] if value["stderr"] and value["value"] else None
    return format_grams(value["value"]) + ("" if relative is None else f" ± {100 * relative:.2g} %")
