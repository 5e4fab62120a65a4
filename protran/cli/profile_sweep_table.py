"""A sweep for a terminal: a row for each point, and below it the flags and what could not be measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from protran.cli.profile_remarks import flags_of, set_aside
from protran.cli.terminal import harmless
from protran.report.plural import how_many
from protran.report.sweep_columns import SweepColumn, missing_labels, shown_columns

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from search_spaces.candidate import Candidate

Document = dict[str, Any]
"""One point of a sweep: what `protran profile --json` writes about it."""

_PLACE = ("device", "length", "batch")
_UNBOUNDED = 10_000  # characters: more than any table has


def print_sweep(console: Console, candidate: Candidate, points: Sequence[Document], repeats: int) -> None:
    """Prints the model, the points as rows, and what is to be known of them."""
    from protran.report.architecture_line import candidate_line

    first = points[0]
    console.print(candidate_line(candidate), soft_wrap=True)
    each = "one measurement" if repeats == 1 else f"mean of {repeats} measurements"
    parts = first["workload"]["micro_batches"]
    calls = first["workload"]["kind"] + ("" if parts == 1 else f" in {parts} micro-batches")
    same = [text for name, text in zip(_PLACE, _place(first), strict=True) if name not in _differing(points)]
    of = ", ".join([first["input_spec"]["kind"], calls, *same])
    console.print(f"{harmless(of)}; {how_many(len(points), 'point')}, each {each}", soft_wrap=True)
    columns = shown_columns(points)
    wide = sweep_table(points, columns)
    narrow = console.measure(wide, options=console.options.update(max_width=_UNBOUNDED)).maximum > console.width
    console.print(sweep_table(points, columns, narrow=True) if narrow else wide)
    for line in sweep_remarks(points):
        console.print(harmless(line), soft_wrap=True)
    console.print(_caption(points, columns, narrow=narrow), style="dim")


def sweep_table(points: Sequence[Document], columns: Sequence[SweepColumn], *, narrow: bool = False) -> Table:
    """Returns a row for each point in the order of measuring; one without values has its status instead.

    Of device, length and batch it shows what differs. Provenance stands in the head of a column that shares it, else
    below each value; a narrow table leaves what is shared to the caption, and its errors stand below their values.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, collapse_padding=narrow)
    places = _differing(points)
    for name in places:
        table.add_column(name, justify="left" if name == "device" else "right", no_wrap=True)
    for column in columns:
        table.add_column(_head(column, narrow=narrow), justify="right", overflow="fold")
    if not columns:
        table.add_column("")
    for point in points:
        place = dict(zip(_PLACE, _place(point), strict=True))
        cells = [_cell(column, column.value(point), narrow=narrow) for column in columns]
        cells = cells if point["values"] else [point["status"], *[""] * (len(columns) - 1)]
        table.add_row(*(Text(harmless(place[name]).removeprefix(f"{name} ")) for name in places), *map(Text, cells))
    return table


def sweep_remarks(points: Sequence[Document]) -> list[str]:
    """Returns a line for each flag with the points that bear it, and one for each reason why something is missing."""
    bearers: dict[str, list[str]] = {}
    for point in points:
        for flag in flags_of(point["measurements"]):
            bearers.setdefault(flag, []).append(_name(point))
    flagged = [
        f"flag {flag}: {'all points' if len(names) == len(points) else '; '.join(names)}"
        for flag, names in bearers.items()
    ]
    return [*flagged, *_reasons(points)]


def _reasons(points: Sequence[Document]) -> Iterator[str]:
    for point in points:
        unanswered = [] if point["measurements"] else [f"{point['status']}: {point['reason']}"]
        yield from (f"{_name(point)}: {line}" for line in (*set_aside(point["measurements"]), *unanswered))


def _place(point: Document) -> tuple[str, str, str]:
    length, batch = point["input_spec"]["length"], point["workload"]["batch_size"]
    return point["device"], f"length {length}", f"batch {batch}"


def _name(point: Document) -> str:
    return ", ".join(_place(point))


def _differing(points: Sequence[Document]) -> list[str]:
    """Returns those of device, length and batch that differ between the points."""
    columns = zip(*(_place(point) for point in points), strict=True)
    return [name for name, column in zip(_PLACE, columns, strict=True) if len(set(column)) > 1]


def _head(column: SweepColumn, *, narrow: bool) -> str:
    if narrow:
        return "\n".join(column.column.label.split())
    return "\n".join([column.column.label, column.column.provenance or ""]).rstrip()


def _cell(column: SweepColumn, value: Mapping[str, Any] | None, *, narrow: bool) -> str:
    from protran.units import format_with_error

    if value is None:
        return "-"
    shown = format_with_error(value["value"], value["stderr"], column.unit)
    if narrow and "±" in shown:
        number, _, error, unit = shown.split(" ")
        shown = f"{number} {unit}\n± {error}"
    return shown if column.column.provenance else f"{shown}\n{value['provenance']}"


def _caption(points: Sequence[Document], columns: Sequence[SweepColumn], *, narrow: bool) -> str:
    shared = dict.fromkeys(
        f"{column.column.label} {column.column.provenance}"
        for column in columns
        if column.column.provenance and not column.per_sequence
    )
    missing = missing_labels(points) if columns else []
    told = f"Values: {', '.join(shared)}. " if narrow and shared else ""
    told += f"Unavailable: {', '.join(missing)}. " if missing else ""
    return f"{told}Per call unless said otherwise; ± is one standard error."
