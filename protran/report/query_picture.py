"""The picture of a query: a front, with what was chosen marked and what is predicted beside it, told apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from protran.errors import InputError
from protran.report.columns import Document
from protran.report.front_picture import SUFFIXES, picture_of
from protran.report.picture import Axis, Mark, Origin, Picture, staircase

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PREDICTED, _CHOSEN = "#CC79A7", "#D55E00"  # of the palette of `protran.report.look`, which loads no library either


def draw_answer(
    document: Document,
    path: Path,
    *,
    dominated: Document | None = None,
    origins: Mapping[str, Origin] | None = None,
    predicted: Document | None = None,
    title: str | None = None,
) -> Path:
    """Draws a front to `path` and returns the path.

    Args:
        document: the front, as `Front.to_json` writes it; its ``"chosen"`` gets a ring.
        path: ends in .png, .svg or .pdf; its folder exists.
        dominated: candidates that are not on the front, in the same schema; drawn faint.
        origins: by candidate key, how the campaign came by it.
        predicted: a predicted front of the same objectives: crosses, with a dashed staircase.
        title: above the picture.

    Raises:
        InputError: the suffix is none of these, or the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    picture = picture_of(document, dominated=dominated, origins=origins, title=title)
    others = () if predicted is None else picture_of(predicted).marks
    chosen = _chosen(document)
    try:
        return _draw(picture, path, others, chosen)
    except OSError as error:
        raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error


def _chosen(document: Document) -> Mark | None:
    key = document.get("chosen", {}).get("key")
    found = [candidate for candidate in document["candidates"] if candidate["key"] == key]
    return picture_of({**document, "candidates": found}).marks[0] if found else None


def _draw(picture: Picture, path: Path, predicted: tuple[Mark, ...], chosen: Mark | None) -> Path:
    import matplotlib  # noqa: PLC0415 - it takes a second; only a picture pays for it

    from protran.report import look  # noqa: PLC0415
    from protran.report.figure_file import new_figure, saved  # noqa: PLC0415
    from protran.report.key import add_colour_bar, add_legend, shade_norm  # noqa: PLC0415
    from protran.report.panel import draw_panel  # noqa: PLC0415

    with matplotlib.rc_context(look.STYLE):
        panels, norm = picture.panels(), shade_norm(picture)
        columns = len(panels) if len(panels) <= 3 else math.ceil(len(panels) / 2)
        rows = math.ceil(len(panels) / columns)
        note = 0.35 if predicted or chosen else 0.0
        figure = new_figure((max(6.4, look.PANEL_INCHES[0] * columns + 0.8), look.PANEL_INCHES[1] * rows + 0.8 + note))
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (x, y) in zip(grid, panels, strict=False):
            draw_panel(axes, picture, x, y, norm)
            if y is not None:
                _draw_predicted(axes, predicted, x, y)
                _draw_chosen(axes, chosen, x, y)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        add_colour_bar(figure, picture, list(grid[: len(panels)]), norm)
        add_legend(figure, picture)
        words = [*(["× predicted, not measured; bars: what is not known"] if predicted else []),
                 *(["○ chosen by the stated preference"] if chosen else [])]  # fmt: skip
        told = f"\n{'      '.join(words)}" if words else ""
        figure.suptitle(picture.title + told, fontsize=11, fontweight="bold")
        return saved(figure, path, 160)


def _draw_predicted(axes: Axes, marks: tuple[Mark, ...], x: Axis, y: Axis) -> None:
    marks = tuple(mark for mark in marks if x.name in mark.values and y.name in mark.values)
    if not marks:
        return
    scaled = [tuple(_scaled(mark, axis) for axis in (x, y)) for mark in marks]
    xs, ys = ([pair[axis][0] for pair in scaled] for axis in (0, 1))
    errors = [[pair[axis][1] for pair in scaled] for axis in (0, 1)]
    axes.errorbar(
        xs, ys, xerr=errors[0], yerr=errors[1], fmt="x", color=_PREDICTED, ecolor=_PREDICTED,
        markersize=5.5, elinewidth=0.7, alpha=0.8, zorder=3.5,
    )  # fmt: skip
    corners = staircase(list(zip(xs, ys, strict=True)), (x.maximise, y.maximise))
    if len(corners) > 1:
        axes.step(
            *zip(*corners, strict=True), where="pre" if x.maximise else "post", color=_PREDICTED,
            linewidth=1.1, linestyle=(0, (4, 3)), zorder=2,
        )  # fmt: skip


def _draw_chosen(axes: Axes, mark: Mark | None, x: Axis, y: Axis) -> None:
    if mark is None or x.name not in mark.values or y.name not in mark.values:
        return
    axes.plot(
        _scaled(mark, x)[0], _scaled(mark, y)[0], linestyle="none", marker="o", markersize=17, markerfacecolor="none",
        markeredgecolor=_CHOSEN, markeredgewidth=1.8, zorder=5,
    )  # fmt: skip


def _scaled(mark: Mark, axis: Axis) -> tuple[float, float]:
    value, stderr = mark.values[axis.name]
    return value / axis.scale.factor, (stderr or 0.0) / axis.scale.factor
