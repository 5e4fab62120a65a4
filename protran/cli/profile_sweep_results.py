"""The points of a sweep, measured one after another; one that fails is a row, and an interrupt keeps the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protran.cli.profile_document import counted, document_of
from protran.cli.profile_points import Point
from protran.cli.profile_remarks import OK

if TYPE_CHECKING:
    from device_agents.measurement import Measurement
    from search_spaces.candidate import Candidate

FAILED = "failed"

Measure = Callable[[Point], Sequence["Measurement"]]
Observer = Callable[[int, Point], None]
"""Is told, before each point, how many are done and which comes now."""


@dataclass(frozen=True)
class PointResult:
    """What became of one point; `failure` says why where its device gave no answer at all."""

    point: Point
    measurements: tuple[Measurement, ...] = ()
    failure: str = ""

    @property
    def status(self) -> str:
        """``ok`` where anything counts, else what became of the last measurement."""
        if counted(self.measurements):
            return OK
        return self.measurements[-1].status.value if self.measurements else FAILED

    @property
    def reason(self) -> str:
        """Why nothing counts; empty where something does."""
        if counted(self.measurements):
            return ""
        return self.measurements[-1].reason if self.measurements else self.failure

    def to_json(self, candidate: Candidate) -> dict[str, Any]:
        """Returns what the command says of this point alone, with its status and reason."""
        return {**document_of(candidate, self.point, self.measurements), "status": self.status, "reason": self.reason}


@dataclass(frozen=True)
class Sweep:
    """The results of the points that were reached, and how many there were to be."""

    results: tuple[PointResult, ...]
    planned: int

    @property
    def interrupted(self) -> bool:
        """Whether it ended early."""
        return len(self.results) < self.planned

    def to_json(self, candidate: Candidate) -> dict[str, Any]:
        """Returns ``{"points", "planned", "interrupted"}``."""
        points = [result.to_json(candidate) for result in self.results]
        return {"points": points, "planned": self.planned, "interrupted": self.interrupted}


def run_sweep(points: Sequence[Point], measure: Measure, observer: Observer) -> Sweep:
    """Returns what became of the points.

    Raises:
        KeyboardInterrupt: before any point was measured; a later one ends the sweep early instead.
    """
    results: list[PointResult] = []
    try:
        for point in points:
            observer(len(results), point)
            results.append(_result(point, measure))
    except KeyboardInterrupt:
        if not results:
            raise
    return Sweep(tuple(results), len(points))


def _result(point: Point, measure: Measure) -> PointResult:
    from device_agents.errors import DeviceError

    try:
        return PointResult(point, tuple(measure(point)))
    except DeviceError as error:
        return PointResult(point, failure=" ".join(str(error).split()))
