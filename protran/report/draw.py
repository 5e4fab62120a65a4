"""Draws a picture of a front with matplotlib; import this module only when something is drawn (it takes a second)."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from protran.report import look
from protran.report.key import add_colour_bar, add_legend, shade_norm
from protran.report.panel import draw_panel
from protran.report.picture import Picture


def draw(picture: Picture, path: Path, *, dpi: int = 160) -> Path:
    """Writes the picture to `path` (PNG, SVG or PDF, by its suffix) and returns the path.

    Raises:
        ValueError: the suffix is none that can be drawn.
        OSError: the file cannot be written.
    """
    with matplotlib.rc_context(look.STYLE):
        panels, norm = picture.panels(), shade_norm(picture)
        columns = len(panels) if len(panels) <= 3 else math.ceil(len(panels) / 2)
        rows = math.ceil(len(panels) / columns)
        size = (max(6.4, look.PANEL_INCHES[0] * columns + 0.8), look.PANEL_INCHES[1] * rows + 0.8)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (x, y) in zip(grid, panels, strict=False):
            draw_panel(axes, picture, x, y, norm)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        add_colour_bar(figure, picture, list(grid[: len(panels)]), norm)
        add_legend(figure, picture)
        figure.suptitle(picture.title, fontsize=11, fontweight="bold")
        figure.savefig(path, dpi=dpi)
    return path
