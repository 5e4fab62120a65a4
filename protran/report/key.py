"""What explains a picture: the colour bar and the legend."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter

from protran.report import look
from protran.report.picture import Picture

_LEGEND_COLUMN_INCHES = 3.0


def shade_norm(picture: Picture) -> Normalize | None:
    """Returns the colours' range over the front, or None where nothing is to be shaded."""
    shade = picture.shade()
    if shade is None:
        return None
    sizes = [
        mark.values[shade.name][0] / shade.scale.factor
        for mark in picture.marks
        if mark.on_front and shade.name in mark.values
    ]
    if not sizes:
        return None
    low, high = min(sizes), max(sizes)
    if low == high:
        return None
    return LogNorm(low, high) if low > 0 and high / low > 5 else Normalize(low, high)


def add_colour_bar(figure: Figure, picture: Picture, panels: list[Axes], norm: Normalize | None) -> None:
    """Adds the bar that says which colour is which value of the shaded objective."""
    shade = picture.shade()
    if shade is None or norm is None:
        return
    bar = figure.colorbar(ScalarMappable(norm, look.SHADES), ax=panels, pad=0.02, aspect=28, fraction=0.05)
    bar.set_label(shade.title)
    bar.ax.yaxis.set_major_locator(MaxNLocator(6, min_n_ticks=3))
    bar.ax.yaxis.set_major_formatter(ScalarFormatter())
    bar.ax.yaxis.set_minor_formatter(NullFormatter())


def add_legend(figure: Figure, picture: Picture) -> None:
    """Adds one line for each shape and line that the picture uses, below the panels."""
    handles: list[Line2D] = []
    for on_front, words, face, edge, size in (
        (True, "on the front", "white", "black", 6.5),
        (False, "dominated", look.FAINT, look.FAINT, 4.5),
    ):
        for origin, shape in look.SHAPES.items():
            if any(mark.on_front is on_front and mark.origin is origin for mark in picture.marks):
                label = words if origin is None else f"{words}, {origin.value}"
                handles.append(_handle(shape, label, face, edge, size))
    if sum(mark.on_front for mark in picture.marks) > 1 and len(picture.axes) > 1:
        handles.append(
            Line2D([], [], color=look.LINE, linewidth=1.3, label="front in this plane; bars: ± 1 standard error")
        )
    if any(axis.budget is not None for axis in picture.axes):
        handles.append(Line2D([], [], color="black", linewidth=0.9, linestyle=look.DASHES, label="budget"))
    columns = min(len(handles), max(1, int(figure.get_figwidth() // _LEGEND_COLUMN_INCHES)))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8.5)


def _handle(shape: str, label: str, face: str, edge: str, size: float) -> Line2D:
    return Line2D(
        [], [], linestyle="none", marker=shape, markersize=size, markerfacecolor=face, markeredgecolor=edge, label=label
    )
