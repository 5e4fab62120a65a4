"""The picture of a sweep; import this module only when something is drawn (matplotlib takes a second)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from protran.errors import InputError
from protran.report import look
from protran.report.front_picture import SUFFIXES
from protran.report.sweep_columns import Document, SweepColumn, drawn_columns

_SHAPES = ("o", "s", "^", "D")
"""Of the lines beyond the last colour."""
_LOG_FROM = 30.0  # from this ratio of largest to smallest on, a linear axis hides the small ones
_INCHES = (11.0, 5.4)
_NOTHING = -1
_MOSAICS = {
    1: [[0]],
    2: [[0, 0, 1]],
    3: [[0, 0, 1], [0, 0, 2]],
    4: [[0, 0, 1, 2], [0, 0, 3, _NOTHING]],
    5: [[0, 0, 1, 2], [0, 0, 3, 4]],
}
"""Where panels stand, by their number: the first is large."""


def check_picture(path: Path) -> None:
    """Raises `InputError` unless a picture can be written to `path`: before a sweep that takes minutes."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"cannot write the picture {path}: {str(path.parent)!r} is no folder; make it first")


def draw_sweep(title: str, points: Sequence[Document], path: Path, *, dpi: int = 160) -> Path:
    """Draws latency per sequence, and smaller what else is known, over batch size or length; returns the path.

    Args:
        title: above the picture.
        points: what was measured; a point without values is left out.
        path: ends in .png, .svg or .pdf.
        dpi: dots per inch of a PNG.

    Raises:
        InputError: no point has values, or the picture cannot be written.
    """
    check_picture(path)
    known = [point for point in points if point["values"]]
    if not known:
        raise InputError(f"cannot draw {path}: expected at least one point with values, got none")
    with matplotlib.rc_context(look.STYLE):
        figure = Figure(figsize=_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        columns, across = drawn_columns(known), _across(known)
        for axes, column in zip(_panels(figure, len(columns)), columns, strict=True):
            _draw_column(axes, known, column, across)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        columns_of_legend = min(4, len(labels))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns_of_legend, frameon=False, fontsize=8.5)
        figure.suptitle(f"{title}; bars: ± 1 standard error", fontsize=11, fontweight="bold")
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def lines_of(points: Sequence[Document]) -> dict[str, list[Document]]:
    """Returns the points of each line by its label, from left to right: one line for each device and length."""
    across = _across(points)
    devices = {point["device"] for point in points}
    lines: dict[str, list[Document]] = {}
    for point in points:
        parts = [point["device"]] if len(devices) > 1 or across == "length" else []
        parts += [] if across == "length" else [f"length {point['input_spec']['length']}"]
        lines.setdefault(", ".join(parts), []).append(point)
    return {label: sorted(line, key=lambda point: _place(point, across)) for label, line in lines.items()}


def _across(points: Sequence[Document]) -> str:
    """Returns what the horizontal axis is: the batch size, or the length where only that differs."""
    return "batch size" if len({point["workload"]["batch_size"] for point in points}) > 1 else "length"


def _place(point: Document, across: str) -> int:
    return int(point["workload"]["batch_size"] if across == "batch size" else point["input_spec"]["length"])


def _panels(figure: Figure, count: int) -> list[Axes]:
    """Returns one large panel, and small ones beside it for the other quantities."""
    mosaic = _MOSAICS.get(count, _MOSAICS[5])
    found = figure.subplot_mosaic(mosaic, empty_sentinel=_NOTHING)  # type: ignore[arg-type]  # numbers may name panels
    return [found[number] for number in range(count)]


def _draw_column(axes: Axes, points: Sequence[Document], column: SweepColumn, across: str) -> None:
    scale, seen = column.column.scale, []
    for number, (label, line) in enumerate(lines_of(points).items()):
        found: list[tuple[int, Mapping[str, Any]]] = [
            (_place(point, across), value) for point in line if (value := column.value(point)) is not None
        ]
        values = [value["value"] / scale.factor for _, value in found]
        errors = [(value["stderr"] or 0.0) / scale.factor for _, value in found]
        seen += [value + error for value, error in zip(values, errors, strict=True)]
        axes.errorbar(
            [place for place, _ in found],
            values,
            errors,
            marker=_SHAPES[number // len(look.COLOURS) % len(_SHAPES)],
            markersize=4,
            capsize=3,
            color=look.COLOURS[number % len(look.COLOURS)],
            label=label,
        )
    _fit(axes, sorted({_place(point, across) for point in points}), seen)
    axes.set_xlabel(across)
    axes.set_title(f"{column.column.heading}\n{column.column.provenance or 'mixed provenance'}", fontsize=9)


def _fit(axes: Axes, places: list[int], values: Sequence[float]) -> None:
    """Fits the axes to what is seen: `values` with their errors, at `places`."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [str(place) for place in places])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.minorticks_off()
    if min(values) > 0 and max(values) / min(values) > _LOG_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if max(values) / min(values) < 300 else (1,)))
        axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, 1.08 * max(values) or None)
