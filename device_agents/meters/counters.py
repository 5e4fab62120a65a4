"""A window seen through energy counters: energy is how far they moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from device_agents.clock import Clock
from device_agents.errors import DeviceError
from device_agents.meters.base import PowerTrace, Reading
from device_agents.meters.samples import STALE_AFTER_S, SampleWindow


@dataclass(frozen=True)
class Counter:
    """A count of joules that only grows.

    Attributes:
        name: what it counts, for errors.
        read_j: returns the count now.
        range_j: the count after which it starts again at 0; None where it never does.
    """

    name: str
    read_j: Callable[[], float]
    range_j: float | None = None

    def moved_j(self, earlier_j: float, later_j: float) -> float:
        """Returns how far the counter moved between two counts with at most one start from 0 between them.

        Raises:
            DeviceError: it went back though it never starts again, or began beyond its range.
        """
        moved = later_j - earlier_j
        if moved < 0 and self.range_j is not None:
            moved += self.range_j
        if moved < 0:
            raise DeviceError(
                f"{self.name}: expected a counter that only grows, it went from {earlier_j:g} to {later_j:g} J; "
                "was its driver loaded anew? Measure again"
            )
        return moved


class CounterWindow:
    """How far counters moved since the moment of creation.

    Args:
        counters: what to add up, at least one.
        clock: what stamps the looks.
        samples: where power comes from; from the counters themselves, if not given.
        with_trace: whether the counters are fine enough to tell power from one look to the next.

    Raises:
        DeviceError: a counter does not answer.
    """

    def __init__(
        self,
        counters: Sequence[Counter],
        clock: Clock,
        *,
        samples: SampleWindow | None = None,
        with_trace: bool = True,
    ) -> None:
        self._counters = tuple(counters)
        self._clock = clock
        self._samples = samples
        self._with_trace = with_trace
        self._began_s = clock.wall_s()
        self._last_j = [counter.read_j() for counter in self._counters]
        self._moved_j = [0.0] * len(self._counters)
        self._marks = [(0.0, 0.0)]  # (seconds, joules of all counters), from the begin

    def look(self) -> None:
        """Reads every counter, so that each wraps at most once between looks. Raises `DeviceError` where one fails."""
        if self._samples is not None:
            self._samples.look()
        now_s = self._clock.wall_s() - self._began_s
        for index, counter in enumerate(self._counters):
            count_j = counter.read_j()
            self._moved_j[index] += counter.moved_j(self._last_j[index], count_j)
            self._last_j[index] = count_j
        self._marks.append((now_s, sum(self._moved_j)))

    def close(self) -> Reading:
        """Reads the counters a last time; a window shorter than the counters' own rhythm has no energy.

        Raises:
            DeviceError: a counter fails, or stood still though the others moved or for a second or more.
        """
        self.look()
        duration_s, energy_j = self._marks[-1]
        still = [counter.name for counter, moved in zip(self._counters, self._moved_j, strict=True) if moved == 0]
        if still and (len(still) < len(self._counters) or duration_s >= STALE_AFTER_S):
            raise DeviceError(
                f"{', '.join(still)}: expected the energy counter to move, it stood still for {duration_s:g} s; "
                "that is a stale sensor, not 0 J: run `protran doctor`, or measure for longer"
            )
        return Reading(duration_s, None if still else energy_j, self._trace())

    def _trace(self) -> PowerTrace | None:
        if self._samples is not None:
            return self._samples.trace()
        if not self._with_trace:
            return None
        times, powers = [], []
        for (start_s, start_j), (end_s, end_j) in zip(self._marks, self._marks[1:], strict=False):
            if end_s > start_s:
                times.append((start_s + end_s) / 2)  # the mean power of a stretch belongs to its middle
                powers.append((end_j - start_j) / (end_s - start_s))
        return PowerTrace(tuple(times), tuple(powers)) if times else None
