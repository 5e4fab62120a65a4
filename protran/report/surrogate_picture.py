"""The picture of how surrogates get better with rows; import this module only when something is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from protran.errors import InputError
from protran.evaluate.evaluation import Result
from protran.report import look
from protran.report.front_picture import SUFFIXES
from protran.report.plural import how_many


def check_picture(path: Path) -> None:
    """Raises `InputError` unless `path` ends in .png, .svg or .pdf: before an evaluation that takes minutes."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")


def draw_evaluation(table: str, results: Sequence[Result], path: Path, *, dpi: int = 160) -> Path:
    """Draws the error over the number of training rows, a panel for each target, and returns the path.

    A line is the median over the splits, its bars reach from quartile to quartile.

    Raises:
        InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
    """
    check_picture(path)
    targets = list(dict.fromkeys(result.target for result in results))
    with matplotlib.rc_context(look.STYLE):
        width, height = look.PANEL_INCHES
        figure = Figure(figsize=(max(6.4, width * len(targets)), height), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, target in zip(figure.subplots(1, len(targets), squeeze=False)[0], targets, strict=True):
            _draw_target(axes, [result for result in results if result.target == target])
            axes.set_title(target)
        first = results[0]
        splits = how_many(first.repeats, "split")
        figure.suptitle(f"{table}: {splits} with {first.test} test rows each", fontsize=9.5)
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def _draw_target(axes: Axes, results: Sequence[Result]) -> None:
    models = list(dict.fromkeys(result.model for result in results))
    for place, model in enumerate(models):
        own = sorted((result for result in results if result.model == model), key=lambda result: result.train)
        found = [result.summary("nmse") for result in own]
        medians = [summary.median for summary in found]
        spread = [[s.median - s.q1 for s in found], [s.q3 - s.median for s in found]]
        rows = [result.train * 1.03**place for result in own]  # a step aside, so that bars do not hide each other
        axes.errorbar(
            rows, medians, spread, marker="o", capsize=3, color=look.COLOURS[place % len(look.COLOURS)], label=model
        )
    sizes = sorted({result.train for result in results})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("training rows")
    axes.set_ylabel("nMSE, median and quartiles")
    axes.legend(fontsize=8, framealpha=0.9)
