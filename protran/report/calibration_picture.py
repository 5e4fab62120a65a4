"""The picture of what probes of a device are worth; import this module only when something is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from protran.errors import InputError
from protran.report import look
from protran.report.front_picture import SUFFIXES
from protran.report.plural import how_many

_ON_PROBES = ("on the probes", "on_probes", "leave_one_out")
_ON_CHECKS = ("on random candidates", "on_checks", "on_checks")
_OVER_SPACE = ("over the space, as believed", "over_space", "over_space")
_LEAST_PERCENT = 0.1
_APART = 0.18


def check_picture(path: Path) -> None:
    """Raises `InputError` unless `path` ends in .png, .svg or .pdf: before probes that take minutes."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")


def draw_calibration(document: Mapping[str, Any], path: Path, *, dpi: int = 160) -> Path:
    """Draws each measure's expected error before and after, on the probes and over the space, and returns the path.

    Raises:
        InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
    """
    check_picture(path)
    measures = [measure for measure in document["measures"] if "after" in measure]
    groups = (_ON_CHECKS if document["checks"]["chosen"] else _ON_PROBES, _OVER_SPACE)
    with matplotlib.rc_context(look.STYLE):
        width, height = look.PANEL_INCHES
        figure = Figure(figsize=(width * len(groups), height), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
        for axes, (title, before, after) in zip(panels, groups, strict=True):
            _draw(axes, measures, before, after)
            axes.set_title(title)
        panels[0].set_ylabel("median relative error [%], 90 % interval")
        probes = document["probes"]
        figure.suptitle(
            f"{document['device']}, {document['space']}: {how_many(probes['measured'], 'probe')}", fontsize=9.5
        )
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def _draw(axes: Axes, measures: Sequence[Mapping[str, Any]], before: str, after: str) -> None:
    for place, (when, name, colour) in enumerate((("before", before, look.FAINT), ("after", after, look.ONE_COLOUR))):
        known = [(x, measure[when][name]) for x, measure in enumerate(measures) if measure[when][name] is not None]
        if known:
            _draw_errors(axes, [(x + _APART * (2 * place - 1), error) for x, error in known], colour, when)
    for x, measure in enumerate(measures):
        if measure["status"] in ("unavailable", "not measured"):
            axes.annotate(measure["status"], (x, 0.5), xycoords=("data", "axes fraction"), ha="center", fontsize=8)
    axes.set_xticks(range(len(measures)), [measure["name"] for measure in measures])
    axes.set_xlim(-0.6, len(measures) - 0.4)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, framealpha=0.9)


def _draw_errors(axes: Axes, known: Sequence[tuple[float, Mapping[str, Any]]], colour: str, label: str) -> None:
    medians = [max(_LEAST_PERCENT, 100 * error["median"]) for _, error in known]
    lows = [_bound(error["low"], median) for (_, error), median in zip(known, medians, strict=True)]
    highs = [_bound(error["high"], median) for (_, error), median in zip(known, medians, strict=True)]
    reach = [
        [max(0.0, median - low) for median, low in zip(medians, lows, strict=True)],
        [max(0.0, high - median) for median, high in zip(medians, highs, strict=True)],
    ]
    axes.errorbar([x for x, _ in known], medians, reach, fmt="o", capsize=3, color=colour, label=label)


def _bound(share: float | None, median: float) -> float:
    return median if share is None else max(_LEAST_PERCENT, 100 * share)
