"""The picture of a task's classes; import this module only when it is drawn (matplotlib takes a second)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from protran.report import look
from protran.report.figure_file import check_suffix, new_figure, saved

_HEIGHT_INCHES = 4.2


@dataclass(frozen=True)
class ClassShares:
    """One set of a task: its name, and how many windows each class has in it."""

    name: str
    counts: Sequence[int]


def draw_classes(
    title: str, classes: Sequence[str], sets: Sequence[ClassShares], path: Path, *, dpi: int = 160
) -> Path:
    """Draws how many windows each class has in each set, and returns the path.

    Args:
        title: of the task.
        classes: their names.
        sets: of the task.
        path: ends in .png, .svg or .pdf.
        dpi: dots per inch of a PNG.

    Raises:
        InputError: the suffix is none of these, or the file cannot be written.
    """
    check_suffix(path)
    with matplotlib.rc_context(look.STYLE):
        figure = new_figure((max(6.4, 0.7 * len(classes) + 2), _HEIGHT_INCHES))
        _draw_bars(figure, classes, sets)
        figure.suptitle(f"Classes of {title}", fontsize=11, fontweight="bold")
        return saved(figure, path, dpi)


def _draw_bars(figure: Figure, classes: Sequence[str], sets: Sequence[ClassShares]) -> None:
    axes = figure.subplots()
    width = 0.8 / max(1, len(sets))
    for number, part in enumerate(sets):
        places = [place + (number - (len(sets) - 1) / 2) * width for place in range(len(classes))]
        label = f"{part.name} ({sum(part.counts)})"
        axes.bar(places, part.counts, width, color=look.COLOURS[number % len(look.COLOURS)], label=label)
    longest = max(map(len, classes), default=0)
    slanted: dict[str, Any] = {"rotation": 30, "ha": "right"} if longest > 6 else {}
    axes.set_xticks(range(len(classes)), list(classes), **slanted)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("windows")
    figure.legend(loc="outside lower center", ncols=len(sets), frameon=False, fontsize=8.5)
