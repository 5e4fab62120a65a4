"""One profile for a terminal: the model, and a line for each quantity with its error and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from protran.cli.profile_remarks import OK, flags_of, set_aside
from protran.cli.side_by_side import comparison_table, remarks
from protran.cli.terminal import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from protran.cli.profile_points import Point
    from search_spaces.candidate import Candidate

Document = dict[str, Any]

_LABELS = {
    "latency_s": "latency",
    "latency_ratio": "latency / reference",
    "core_seconds": "core-seconds",
    "memory_bytes": "memory",
    "energy_j": "energy",
    "peak_power_w": "peak power",
    "peak_rss_bytes": "peak RSS",
    "peak_cuda_bytes": "peak GPU memory",
}


def print_one(console: Console, candidate: Candidate, point: Point, document: Document) -> None:
    """Prints the mean of each quantity on one device, flags, and what does not count."""
    from protran.report.workload_line import workload_line
    from protran.units import format_with_error

    measurements = document["measurements"]
    good = sum(answer["status"] == OK for answer in measurements)
    _print_heading(console, candidate, point, f"{workload_line(point.workload)}, on {harmless(point.device)}", good)
    for name, value in document["values"].items():
        shown = "-" if value["value"] is None else format_with_error(value["value"], value["stderr"], value["unit"])
        console.print(f"  {_LABELS.get(name, name):<20} {shown:>20}  {value['provenance']}")
    flags = flags_of(measurements)
    for line in [*([f"flags: {', '.join(flags)}"] if flags else []), *set_aside(measurements)]:
        console.print(f"  {harmless(line)}", soft_wrap=True)


def print_several(
    console: Console, candidate: Candidate, point: Point, documents: Sequence[Document], repeats: int
) -> None:
    """Prints several devices below each other, with ratios to the first; `point` is any of them."""
    from protran.report.workload_line import workload_line

    _print_heading(console, candidate, point, workload_line(point.workload), repeats)
    console.print(comparison_table(documents))
    for line in remarks(documents):
        console.print(line)
    console.print(f"± is one standard error; x is the ratio to {harmless(documents[0]['device'])}.", style="dim")


def _print_heading(console: Console, candidate: Candidate, point: Point, what: str, measurements: int) -> None:
    from protran.report.architecture_line import candidate_line

    averaged = "one measurement" if measurements == 1 else f"mean of {measurements} measurements"
    spec = point.input_spec
    console.print(candidate_line(candidate), soft_wrap=True)
    console.print(f"{spec.kind.value} of length {spec.length}, {what}; per call, {averaged}")
