"""The picture of where memory goes; import this module only when something is drawn (matplotlib takes a second)."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from protran.errors import InputError
from protran.report import look
from protran.report.front_picture import SUFFIXES
from protran.report.memory_parts import PEAK, MemoryPart
from protran.report.memory_report import MemoryReport
from protran.report.scale import Scale, scale_for
from protran.units import Unit, format_value
from search_spaces.memory import TrainingMemory

_ROW_INCHES = 0.3


def draw_memory(report: MemoryReport, path: Path, *, dpi: int = 160) -> Path:
    """Draws one bar for each part, beside them the peak with more and more micro-batches, and returns the path.

    Raises:
        InputError: the path does not end in .png, .svg or .pdf, or cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    with matplotlib.rc_context(look.STYLE):
        panels = 2 if len(report.steps) > 1 else 1
        height = max(3.2, _ROW_INCHES * len(report.parts) + 1.6)
        figure = Figure(figsize=(7.4 if panels == 1 else 11.0, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, panels, squeeze=False, width_ratios=[3, 2][:panels])[0]
        scale = scale_for([max(part.bytes for part in report.parts)], Unit.BYTE)
        _draw_parts(axes[0], report.parts, scale)
        if panels == 2:
            _draw_steps(axes[1], report.steps, scale)
        figure.suptitle("\n".join(report.lines), fontsize=9.5)
        try:
            figure.savefig(path, dpi=dpi)
        except OSError as error:
            raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path


def _draw_parts(axes: Axes, parts: list[MemoryPart], scale: Scale) -> None:
    rows = range(len(parts))
    colours = [look.LINE if part.label == PEAK else look.FAINT if part.level else look.ONE_COLOUR for part in parts]
    bars = axes.barh(list(rows), [part.bytes / scale.factor for part in parts], color=colours)
    axes.bar_label(bars, [format_value(part.bytes, Unit.BYTE) for part in parts], padding=3, fontsize=8)
    axes.set_yticks(list(rows), [part.label for part in parts])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.16)
    axes.set_xlabel(f"memory [{scale.symbol}], exact")


def _draw_steps(axes: Axes, steps: tuple[TrainingMemory, ...], scale: Scale) -> None:
    rows = range(len(steps))
    peaks = axes.barh(list(rows), [step.peak_bytes / scale.factor for step in steps], color=look.LINE, label=PEAK)
    kept = [step.kept_bytes / scale.factor for step in steps]
    axes.barh(list(rows), kept, height=0.4, color=look.FAINT, label="activations kept")
    axes.bar_label(peaks, [format_value(step.peak_bytes, Unit.BYTE) for step in steps], padding=3, fontsize=8)
    axes.set_yticks(list(rows), [str(step.micro_batches) for step in steps])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.2)
    axes.set_ylabel("micro-batches")
    axes.set_xlabel(f"memory of a training step [{scale.symbol}], exact")
    axes.legend(fontsize=8, loc="lower right", framealpha=0.9)
