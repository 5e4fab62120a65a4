"""What a picture of a front shows, apart from how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from protran.report.scale import Scale


class Origin(str, Enum):
    """How the campaign came by a candidate, and whether its values were verified since."""

    SEED = "seed"
    LEARN = "learn"
    SEARCH = "search"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Axis:
    """One objective as it is drawn.

    Attributes:
        name: the objective's name, the key of `Mark.values`.
        label: in words, for example `latency`.
        scale: the unit in which it is drawn.
        provenance: where its values come from, for the label.
        maximise: larger is better.
        budget: the hard limit on it in SI units, if there is one.
    """

    name: str
    label: str
    scale: Scale
    provenance: str = ""
    maximise: bool = False
    budget: float | None = None

    @property
    def title(self) -> str:
        """For example ``latency [ms], measured-counter``."""
        unit = f" [{self.scale.symbol}]" if self.scale.symbol else ""
        return f"{self.label}{unit}{', ' if self.provenance else ''}{self.provenance}"


@dataclass(frozen=True)
class Mark:
    """One candidate: its value and standard error (SI units; the error may be None) by objective.

    `origin` is None where nobody said how the campaign came by it.
    """

    values: Mapping[str, tuple[float, float | None]]
    origin: Origin | None = None
    on_front: bool = True


@dataclass(frozen=True)
class Picture:
    """A title, the objectives (the first goes on the vertical axis) and the candidates."""

    title: str
    axes: tuple[Axis, ...]
    marks: tuple[Mark, ...] = field(default_factory=tuple)
    empty: str = "no candidate measured yet"

    def panels(self) -> tuple[tuple[Axis, Axis | None], ...]:
        """The pairs (horizontal, vertical) that are drawn: each other objective against the first.

        A single objective is drawn against the rank of its candidates: the vertical axis is None.
        """
        first, *others = self.axes
        return tuple((other, first) for other in others) or ((first, None),)

    def shade(self) -> Axis | None:
        """The objective that colour stands for: memory, or else the last of three or more; None for two or fewer."""
        if len(self.axes) < 3:
            return None
        return next((axis for axis in self.axes[1:] if axis.name.startswith("memory_bytes")), self.axes[-1])


def staircase(
    points: list[tuple[float, float]], maximise: tuple[bool, bool] = (False, False)
) -> list[tuple[float, float]]:
    """Returns the points that no other one dominates in this plane, from left to right.

    Args:
        points: (horizontal, vertical).
        maximise: whether larger is better, horizontally and vertically.
    """
    sign_x, sign_y = (-1.0 if flag else 1.0 for flag in maximise)
    best: list[tuple[float, float]] = []
    for x, y in sorted(points, key=lambda point: (sign_x * point[0], sign_y * point[1])):
        if not best or sign_y * y < sign_y * best[-1][1]:
            best.append((x, y))
    return sorted(best)
