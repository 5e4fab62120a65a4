"""One panel of a picture: two objectives, the candidates as marks, the front as a staircase, budgets as lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from protran.report import look
from protran.report.picture import Axis, Mark, Picture, staircase
from protran.report.scale import Scale

_RANK = "rank"
_CROWD = 40  # more marks than this are drawn small
_LOG_FROM = 30.0  # from this ratio of largest to smallest on, a linear axis hides the small ones


def draw_panel(axes: Axes, picture: Picture, x: Axis, y: Axis | None, norm: Normalize | None) -> None:
    """Draws `y` (None for the rank) against `x`; `norm` maps the shaded objective to a colour."""
    if y is None:
        y, picture = _ranked(picture, x)
    axes.set_xlabel(x.title)
    axes.set_ylabel(y.title)
    marks = [mark for mark in picture.marks if x.name in mark.values and y.name in mark.values]
    if not marks:
        axes.text(0.5, 0.5, picture.empty, transform=axes.transAxes, ha="center", va="center", color=look.FAINT)
        axes.set_xticks([])
        axes.set_yticks([])
        return
    front = [mark for mark in marks if mark.on_front]
    _draw_dominated(axes, [mark for mark in marks if not mark.on_front], x, y)
    _draw_stairs(axes, front, x, y)
    if front:
        _draw_errors(axes, front, x, y)
        _draw_front(axes, front, (x, y), picture.shade(), norm)
    _fit(axes, marks, x, y)
    _draw_budgets(axes, x, y)


def _ranked(picture: Picture, x: Axis) -> tuple[Axis, Picture]:
    """Returns a vertical axis that counts the candidates, best first, and the picture with those ranks."""
    marks = sorted(
        (m for m in picture.marks if x.name in m.values), key=lambda m: m.values[x.name][0], reverse=x.maximise
    )
    ranked = tuple(
        replace(mark, values={**mark.values, _RANK: (float(rank), None)}) for rank, mark in enumerate(marks, start=1)
    )
    return Axis(_RANK, "candidates, best first", Scale(1.0, "")), replace(picture, marks=ranked)


def _draw_dominated(axes: Axes, marks: list[Mark], x: Axis, y: Axis) -> None:
    for origin, shape in look.SHAPES.items():
        those = [mark for mark in marks if mark.origin is origin]
        if those:
            axes.scatter(
                [_at(mark, x) for mark in those],
                [_at(mark, y) for mark in those],
                marker=shape, s=16, color=look.FAINT, alpha=0.45, linewidths=0, zorder=1,
            )  # fmt: skip


def _draw_stairs(axes: Axes, front: list[Mark], x: Axis, y: Axis) -> None:
    corners = staircase([(_at(mark, x), _at(mark, y)) for mark in front], (x.maximise, y.maximise))
    if len(corners) > 1 and y.name != _RANK:
        axes.step(
            *zip(*corners, strict=True), where="pre" if x.maximise else "post", color=look.LINE, linewidth=1.3, zorder=2
        )


def _draw_errors(axes: Axes, front: list[Mark], x: Axis, y: Axis) -> None:
    crowded = len(front) > _CROWD
    axes.errorbar(
        [_at(mark, x) for mark in front],
        [_at(mark, y) for mark in front],
        xerr=[_error(mark, x) for mark in front],
        yerr=[_error(mark, y) for mark in front],
        fmt="none",
        ecolor="#404040",
        elinewidth=0.5 if crowded else 0.9,
        capsize=0 if crowded else 2,
        alpha=0.5 if crowded else 0.85,
        zorder=3,
    )


def _draw_front(
    axes: Axes, front: list[Mark], plane: tuple[Axis, Axis], shade: Axis | None, norm: Normalize | None
) -> None:
    x, y = plane
    for origin, shape in look.SHAPES.items():
        those = [mark for mark in front if mark.origin is origin]
        if those:
            axes.scatter(
                [_at(mark, x) for mark in those],
                [_at(mark, y) for mark in those],
                marker=shape,
                s=22 if len(front) > _CROWD else 52,
                edgecolors="black",
                linewidths=0.6,
                zorder=4,
                **_paint(shade, those, norm),
            )


def _paint(shade: Axis | None, marks: list[Mark], norm: Normalize | None) -> dict[str, Any]:
    if shade is None or norm is None or any(shade.name not in mark.values for mark in marks):
        return {"color": look.ONE_COLOUR}
    return {"c": [_at(mark, shade) for mark in marks], "cmap": look.SHADES, "norm": norm}


def _fit(axes: Axes, marks: list[Mark], x: Axis, y: Axis) -> None:
    for axis, values, scale, ticks in (
        (x, [_at(mark, x) for mark in marks], axes.set_xscale, axes.xaxis),
        (y, [_at(mark, y) for mark in marks], axes.set_yscale, axes.yaxis),
    ):
        if (
            axis.scale.symbol != "%"
            and axis.name != _RANK
            and min(values) > 0
            and max(values) / min(values) > _LOG_FROM
        ):
            scale("log")
            ticks.set_major_locator(LogLocator(10, subs=(1, 2, 5) if max(values) / min(values) < 300 else (1,)))
            ticks.set_major_formatter(FormatStrFormatter("%g"))
            ticks.set_minor_formatter(NullFormatter())
    axes.margins(0.08)


def _draw_budgets(axes: Axes, x: Axis, y: Axis) -> None:
    for axis, line in ((x, axes.axvline), (y, axes.axhline)):
        if axis.budget is not None:
            line(axis.budget / axis.scale.factor, color="black", linewidth=0.9, linestyle=look.DASHES, zorder=2)


def _at(mark: Mark, axis: Axis) -> float:
    return mark.values[axis.name][0] / axis.scale.factor


def _error(mark: Mark, axis: Axis) -> float:
    return (mark.values[axis.name][1] or 0.0) / axis.scale.factor
