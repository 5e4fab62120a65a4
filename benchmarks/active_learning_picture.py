"""The picture of `benchmarks.active_learning`: error over number of profiles, a line for each policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, PercentFormatter

from protran.evaluate.active_summary import REFERENCE_POLICY, REFERENCE_PROFILES, Row
from protran.evaluate.summary import Summary
from protran.report import look

SHOWN = {"random": 8, "lhs": 8, "max_variance": 8, "original": 16, "diverse": 8, "integrated": 8}
"""The policies with the number of profiles from which they are themselves."""
UNLABELLED = (20,)
METRIC = "true_error"


def draw(rows: Sequence[Row], path: Path, *, dpi: int = 80) -> None:
    """Draws the estimated error without noise, a panel for each table and measure: medians and quartiles over seeds."""
    tables = list(dict.fromkeys(row.table for row in rows))
    measures = list(dict.fromkeys(row.measure for row in rows))
    with matplotlib.rc_context(look.STYLE):
        width, height = look.PANEL_INCHES
        figure = Figure(figsize=(width * len(measures), height * len(tables)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(tables), len(measures), squeeze=False)
        for table, line in zip(tables, panels, strict=True):
            for measure, axes in zip(measures, line, strict=True):
                _panel(axes, [row for row in rows if row.case == (table, measure)])
                axes.set_title(f"{table}: {measure}")
        seeds = len({row.seed for row in rows})
        figure.suptitle(
            f"{seeds} seeds: medians, bars from quartile to quartile; dotted: random rows at 64", fontsize=9.5
        )
        figure.savefig(path, dpi=dpi)


def _panel(axes: Axes, own: Sequence[Row]) -> None:
    if not own:
        axes.set_axis_off()
        return
    for place, (policy, least) in enumerate(SHOWN.items()):
        sizes = sorted({row.profiles for row in own if row.policy == policy and row.profiles >= least})
        found = [_summary(own, policy, size) for size in sizes]
        medians = [summary.median for summary in found]
        spread = [[s.median - s.q1 for s in found], [s.q3 - s.median for s in found]]
        beside = [size * 1.015**place for size in sizes]  # a step aside, so that bars do not hide each other
        axes.errorbar(beside, medians, spread, marker="o", ms=3, capsize=2, color=look.COLOURS[place], label=policy)
    axes.axhline(_summary(own, REFERENCE_POLICY, REFERENCE_PROFILES).median, color=look.FAINT, ls=":")
    ticks = sorted({row.profiles for row in own})
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(ticks, ["" if tick in UNLABELLED else str(tick) for tick in ticks])
    axes.minorticks_off()
    for axis in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        axis(PercentFormatter(1.0, decimals=None))
    axes.yaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axes.set_xlabel("profiles")
    axes.set_ylabel("mean relative error without noise")
    axes.legend(fontsize=7, framealpha=0.9)


def _summary(own: Sequence[Row], policy: str, size: int) -> Summary:
    return Summary.of([getattr(row, METRIC) for row in own if (row.policy, row.profiles) == (policy, size)])
