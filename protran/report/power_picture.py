"""The picture of power over time; import this module only when something is drawn (matplotlib takes a second)."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from device_agents.energy_plan import EnergyPlan
from protran.errors import InputError
from protran.report import look
from protran.report.front_picture import SUFFIXES
from protran.report.power_history import PowerHistory, Sample

_INCHES = (9.2, 4.4)
_CAPTION_WIDTH = 130
_SHADES = {"busy": (look.LINE, 0.12), "idle": (look.FAINT, 0.22)}
_FEWEST_PER_WIDTH = 4
"""Samples in the width of the moving mean; with fewer, it would only repeat them."""


def draw_power(history: PowerHistory, path: Path, *, dpi: int = 160) -> Path:
    """Draws watts over seconds with the windows shaded, peak and idle as lines, and returns the path.

    Raises:
        InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    with matplotlib.rc_context(look.STYLE):
        figure = Figure(figsize=_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        _draw_phases(axes, history)
        _draw_samples(axes, history)
        _draw_levels(axes, history)
        axes.set_xlabel("time [s]")
        axes.set_ylabel(f"power [W]{', ' if history.provenance else ''}{history.provenance}")
        axes.set_ylim(bottom=0)
        axes.margins(x=0.01)
        axes.set_title(textwrap.fill(caption(history), _CAPTION_WIDTH), fontsize=8, color="#505050")
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8.5)
        figure.suptitle(history.title, fontsize=11, fontweight="bold")
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def caption(history: PowerHistory) -> str:
    """Returns the sensor with its bandwidth, how many samples are drawn, and why the measurement does not count."""
    bandwidth = "bandwidth unknown" if history.bandwidth_hz is None else f"bandwidth {history.bandwidth_hz:.3g} Hz"
    drawn = len(history.samples)
    thinned = f"{drawn:,} of " if drawn < history.taken else ""
    told = [history.sensor, bandwidth, f"{thinned}{history.taken:,} samples"]
    return ", ".join(told) + (f"; {history.remark}" if history.remark else "")


def moving_mean(times_s: np.ndarray[Any, Any], power_w: np.ndarray[Any, Any], width_s: float) -> np.ndarray[Any, Any]:
    """Returns the mean power over `width_s` around each sample; near the ends over what there is of it.

    Args:
        times_s: (n,) rising, two or more.
        power_w: (n,) at these times, linear between them.
        width_s: width of the mean.
    """
    steps = np.diff(times_s) * (power_w[1:] + power_w[:-1]) / 2  # (n - 1,)
    energy_j = np.concatenate([[0.0], np.cumsum(steps)])  # (n,)
    begin_s = np.maximum(times_s - width_s / 2, times_s[0])
    end_s = np.minimum(times_s + width_s / 2, times_s[-1])
    used_j = np.interp(end_s, times_s, energy_j) - np.interp(begin_s, times_s, energy_j)
    return np.asarray(used_j / (end_s - begin_s))


def _draw_phases(axes: Axes, history: PowerHistory) -> None:
    named: set[str] = set()
    for name, start_s, end_s in history.phases:
        kind = name.partition("-")[0]  # idle-before and idle-after look alike
        colour, alpha = _SHADES.get(kind, (look.FAINT, 0.1))
        label = None if kind in named else f"{kind} window"
        axes.axvspan(start_s, end_s, color=colour, alpha=alpha, linewidth=0, label=label, zorder=0)
        named.add(kind)


def _draw_samples(axes: Axes, history: PowerHistory) -> None:
    """Draws each piece by itself, so that no line crosses a gap, and no mean mixes two windows."""
    width_s = EnergyPlan().peak_width_s
    pieces = history.runs()
    smooth = [_is_dense(piece, width_s) for piece in pieces]
    for number, piece in enumerate(pieces):
        times_s, power_w = np.asarray(piece, dtype=float).T  # (n,), (n,)
        thin = {"alpha": 0.45, "linewidth": 0.6} if smooth[number] else {"linewidth": 1.0, "marker": ".", "ms": 3}
        label = "samples" if number == 0 else None
        axes.plot(times_s, power_w, color=look.ONE_COLOUR, label=label, **thin)
        if smooth[number]:
            label = f"{width_s:g} s moving mean" if number == smooth.index(True) else None
            mean_w = moving_mean(times_s, power_w, width_s)
            axes.plot(times_s, mean_w, color=look.ONE_COLOUR, linewidth=1.4, label=label)


def _is_dense(piece: tuple[Sample, ...], width_s: float) -> bool:
    span_s = piece[-1][0] - piece[0][0]
    return span_s > width_s and len(piece) * width_s / span_s >= _FEWEST_PER_WIDTH


def _draw_levels(axes: Axes, history: PowerHistory) -> None:
    peak = f"peak ({EnergyPlan().peak_width_s:g} s moving mean, mean of the windows)"
    for level_w, colour, label in ((history.peak_w, look.LINE, peak), (history.idle_w, "black", "idle (mean)")):
        if level_w is not None:
            axes.axhline(level_w, color=colour, linewidth=1.1, linestyle=look.DASHES, label=f"{label}: {level_w:.4g} W")
