"""One model on several devices: a row for each, with ratios to the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from protran.cli.profile_remarks import flags_of, set_aside
from protran.cli.terminal import harmless

if TYPE_CHECKING:
    from rich.table import Table

Document = Mapping[str, Any]
"""What `protran profile --json` writes about one device."""

COMPARED = {"latency_s": "latency", "energy_j": "energy", "peak_power_w": "peak power", "memory_bytes": "memory"}


def ratios_to_first(documents: Sequence[Document]) -> dict[str, dict[str, float]]:
    """Returns, by device and quantity, the value over the first device's, where both are known and not 0."""
    first = documents[0]["values"]
    return {
        document["device"]: {
            name: document["values"][name]["value"] / first[name]["value"]
            for name in COMPARED
            if _number(document["values"].get(name)) is not None and _number(first.get(name))
        }
        for document in documents
    }


def comparison_table(documents: Sequence[Document]) -> Table:
    """Returns the devices in the order in which they were asked for.

    Provenance stands in the head of a column that shares it, else below each value.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    ratios = ratios_to_first(documents)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("device")
    shared = {name: _shared_provenance(documents, name) for name in COMPARED}
    for name, label in COMPARED.items():
        table.add_column(f"{label}\n{shared[name]}" if shared[name] else label, justify="right")
    for number, document in enumerate(documents):
        ratio = ratios[document["device"]] if number else {}
        cells = [
            _cell(document["values"].get(name), ratio.get(name), tells_provenance=not shared[name]) for name in COMPARED
        ]
        table.add_row(Text(harmless(document["device"])), *map(Text, cells))
    return table


def remarks(documents: Sequence[Document]) -> list[str]:
    """Returns for each device a line with its flags, and lines for measurements that do not count, with the reason."""
    lines = []
    for document in documents:
        measurements = document["measurements"]
        flags = flags_of(measurements)
        told = [*([f"flags: {', '.join(flags)}"] if flags else []), *set_aside(measurements)]
        lines += [f"{document['device']}: {line}" for line in told]
    return [harmless(line) for line in lines]


def _shared_provenance(documents: Sequence[Document], name: str) -> str | None:
    known = [document["values"][name]["provenance"] for document in documents if name in document["values"]]
    return known[0] if len(set(known)) == 1 else None


def _cell(value: Mapping[str, Any] | None, ratio: float | None, *, tells_provenance: bool) -> str:
    from protran.units import format_with_error

    if value is None:
        return "-"
    shown = "-" if value["value"] is None else format_with_error(value["value"], value["stderr"], value["unit"])
    below = [value["provenance"]] if tells_provenance else []
    below += [] if ratio is None else [f"x{ratio:.3g}"]
    return "\n".join([shown, ", ".join(below)] if below else [shown])


def _number(value: Mapping[str, Any] | None) -> float | None:
    return None if value is None else value["value"]
