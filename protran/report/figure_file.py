"""Figures as files; import this module only when something is drawn (matplotlib takes a second)."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from protran.errors import InputError
from protran.report.front_picture import SUFFIXES


def check_suffix(path: Path) -> None:
    """Raises `InputError` unless a picture of this suffix can be written."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")


def new_figure(inches: tuple[float, float]) -> Figure:
    """Returns an empty figure of this size."""
    figure = Figure(figsize=inches, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def saved(figure: Figure, path: Path, dpi: int) -> Path:
    """Writes a figure and returns the path. Raises `InputError` where it cannot be written."""
    try:
        figure.savefig(path, dpi=dpi)
    except OSError as error:
        raise InputError(f"cannot write the picture {path}: {error.strerror or error}") from error
    return path
