"""The picture of the compression study; import this module only when it is drawn (matplotlib takes a second)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from protran.errors import InputError
from protran.report import look
from protran.report.figure_file import check_suffix, new_figure, saved
from protran.report.scale import scale_for
from protran.units import Unit

_MARKERS = ("o", "s", "v", "P", "X", "^", "D")
_FRONT_MARKER = "D"
_BESIDE: Any = {"xytext": (-7, 6), "textcoords": "offset points", "fontsize": 7.5, "ha": "right"}
"""Where a name stands: the slow models are at the right end, so to the left of its point."""


@dataclass(frozen=True)
class Point:
    """One row of the study.

    Attributes:
        model: its name.
        recipe: how it was trained.
        family: what kind of compression it is: its marker.
        error: of the test set, the mean over repeats.
        error_reach: half of its interval.
        latency_s: for each window.
        latency_reach_s: half of its interval.
        size_bytes: on disk: its colour.
        on_front: whether the search found it.
        baseline: whether its model's name stands beside it.
    """

    model: str
    recipe: str
    family: str
    error: float
    error_reach: float
    latency_s: float
    latency_reach_s: float
    size_bytes: float
    on_front: bool
    baseline: bool


def lower_left(points: Sequence[Point]) -> list[Point]:
    """Returns the points of the search that no other of them beats in error and latency, the fastest first."""
    kept: list[Point] = []
    for point in sorted((p for p in points if p.on_front), key=lambda p: (p.latency_s, p.error)):
        if not kept or point.error < kept[-1].error:
            kept.append(point)
    return kept


def draw_compression(title: str, points: Sequence[Point], path: Path, *, dpi: int = 160) -> Path:
    """Draws error over latency, marked by kind of compression and coloured by size, and returns the path.

    Models under the recipe of a campaign have a black edge, those under the study's a grey one.

    Args:
        title: above the picture.
        points: at least one.
        path: ends in .png, .svg or .pdf.
        dpi: dots per inch of a PNG.

    Raises:
        InputError: there are no points, the suffix is none of these, or the file cannot be written.
    """
    if not points:
        raise InputError(f"cannot draw {path}: expected at least one row with a score and a latency, got none")
    check_suffix(path)
    with matplotlib.rc_context(look.STYLE):
        figure = new_figure((9.6, 6.2))
        _draw_results(figure, points)
        figure.suptitle(f"{title}; bars: 95 % intervals over repeats", fontsize=11, fontweight="bold")
        return saved(figure, path, dpi)


def _draw_results(figure: Figure, points: Sequence[Point]) -> None:
    axes = figure.subplots()
    scale = scale_for([point.latency_s for point in points], Unit.SECOND)
    _draw_line(axes, lower_left(points), scale.factor)
    _draw_points(figure, axes, points, scale.factor)
    for point in points:
        if point.baseline:
            place = (point.latency_s / scale.factor, 100 * point.error)
            axes.annotate(f"{point.model}, {point.recipe}", place, **_BESIDE)
    axes.set_xlabel(f"latency per window [{scale.symbol}], one thread")
    axes.set_ylabel("error on the test set [%]")
    _log_axis(axes, [point.latency_s / scale.factor for point in points])
    errors = [100 * point.error for point in points]
    margin = 1 + 0.15 * (max(errors) - min(errors))  # a long bar of a few repeats shall not press all points together
    axes.set_ylim(max(-2.0, min(errors) - margin), min(102.0, max(errors) + margin))
    handles, labels = axes.get_legend_handles_labels()
    for recipe in dict.fromkeys(point.recipe for point in points):
        look_of_edge: Any = {"markeredgecolor": _edge(recipe), "markerfacecolor": "white", "markersize": 6.5}
        handles.append(Line2D([], [], linestyle="none", marker="o", **look_of_edge))
        labels.append(f"edge: trained by the recipe of the {recipe}")
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8.5)


def _draw_line(axes: Axes, line: Sequence[Point], factor: float) -> None:
    """Draws the front of the search in this plane, as a stair: nothing lies between two of its members."""
    if len(line) > 1:
        places = [point.latency_s / factor for point in line]
        errors = [100 * point.error for point in line]
        axes.step(places, errors, where="post", color=look.LINE, linewidth=1.3, label="the search's front", zorder=1)


def _draw_points(figure: Figure, axes: Axes, points: Sequence[Point], factor: float) -> None:
    families = list(dict.fromkeys(point.family for point in points))
    sizes = [point.size_bytes / 1e3 for point in points]
    norm = LogNorm(min(sizes), max(*sizes, min(sizes) * 1.01))
    drawn = None
    for number, family in enumerate(families):
        own = [point for point in points if point.family == family]
        places = [point.latency_s / factor for point in own]
        errors = [100 * point.error for point in own]
        reaches = ([100 * p.error_reach for p in own], [p.latency_reach_s / factor for p in own])
        axes.errorbar(places, errors, *reaches, fmt="none", ecolor=look.FAINT, elinewidth=0.7, zorder=2)
        drawn = axes.scatter(
            places,
            errors,
            s=48,
            c=[point.size_bytes / 1e3 for point in own],
            norm=norm,
            cmap=look.SHADES,
            marker=_FRONT_MARKER if own[0].on_front else _MARKERS[number % (len(_MARKERS) - 1)],
            edgecolors=[_edge(point.recipe) for point in own],
            linewidths=1.0,
            label=family,
            zorder=3,
        )
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=axes, pad=0.02, aspect=30)
        bar.set_label("size on disk [kB]")
        bar.ax.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())


def _edge(recipe: str) -> str:
    return "black" if recipe == "campaign" else look.FAINT


def _log_axis(axes: Axes, values: Sequence[float]) -> None:
    axes.set_xscale("log")
    decades = max(values) / min(values)
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if decades < 300 else (1,)))
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(NullFormatter())
