"""The picture of how searches come by hypervolume; import this module only when something is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from protran.benchmark.comparison import Run
from protran.errors import InputError
from protran.report import look
from protran.report.plural import how_many
from protran.report.surrogate_picture import check_picture

DRAWN_FROM = 5
"""The first few evaluations would only stretch the axis."""


def draw_curves(table: str, runs: Sequence[Run], path: Path, *, dpi: int = 160) -> Path:
    """Draws the fraction of the table's hypervolume over evaluations, a line for each method, and returns the path.

    A line is the mean over the seeds, its band reaches from the worst to the best of them. Methods are drawn as far as
    all of their runs go.

    Raises:
        InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
    """
    check_picture(path)
    methods = list(dict.fromkeys(run.method for run in runs))
    with matplotlib.rc_context(look.STYLE):
        figure = Figure(figsize=(6.4, look.PANEL_INCHES[1]), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for place, method in enumerate(methods):
            _draw_method(axes, place, [run for run in runs if run.method == method])
        axes.set_ylim(top=1.0)
        axes.set_xlabel("evaluated rows")
        axes.set_ylabel("fraction of the table's hypervolume")
        axes.legend(loc="lower right", fontsize=8, framealpha=0.9)
        seeds = max(sum(run.method == method for run in runs) for method in methods)
        figure.suptitle(f"{table}: mean and range of {how_many(seeds, 'seed')}", fontsize=9.5)
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def _draw_method(axes: Axes, place: int, runs: Sequence[Run]) -> None:
    shortest = min(len(run.curve) for run in runs)
    curves = np.array([run.curve[:shortest] for run in runs])
    first = min(DRAWN_FROM, shortest) - 1
    numbers = np.arange(first, shortest) + 1
    colour = look.COLOURS[place % len(look.COLOURS)]
    style = "-" if place < len(look.COLOURS) else "--"
    drawn = curves[:, first:]
    axes.plot(numbers, drawn.mean(axis=0), style, color=colour, label=runs[0].method)
    axes.fill_between(numbers, drawn.min(axis=0), drawn.max(axis=0), color=colour, alpha=0.15, linewidth=0)
