"""The clocks that a measurement reads, behind one small class so that tests can own time."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod


class Clock(ABC):
    """Monotonic wall time and the CPU time of this process, in seconds from arbitrary origins."""

    @abstractmethod
    def wall_s(self) -> float:
        """Returns monotonic wall time in seconds."""

    @abstractmethod
    def cpu_s(self) -> float:
        """Returns the CPU time that all threads of this process have used, in seconds."""

    @abstractmethod
    def sleep(self, duration_s: float) -> None:
        """Waits for `duration_s` seconds without using the processor."""


class SystemClock(Clock):
    """The clocks of the operating system (nanosecond resolution on Linux)."""

    def wall_s(self) -> float:
        """Returns monotonic wall time in seconds."""
        return time.perf_counter_ns() * 1e-9

    def cpu_s(self) -> float:
        """Returns the CPU time that all threads of this process have used, in seconds."""
        return time.process_time_ns() * 1e-9

    def sleep(self, duration_s: float) -> None:
        """Waits for `duration_s` seconds without using the processor."""
        time.sleep(duration_s)


class ManualClock(Clock):
    """A clock that only moves when told: it makes a measurement a pure computation."""

    def __init__(self) -> None:
        self._wall_s = 0.0
        self._cpu_s = 0.0

    def wall_s(self) -> float:
        """Returns the sum of all wall seconds that passed."""
        return self._wall_s

    def cpu_s(self) -> float:
        """Returns the sum of all CPU seconds that were used."""
        return self._cpu_s

    def sleep(self, duration_s: float) -> None:
        """Lets wall time pass."""
        self.advance(wall_s=duration_s, cpu_s=0.0)

    def advance(self, *, wall_s: float, cpu_s: float) -> None:
        """Moves both clocks forward.

        Raises:
            ValueError: a duration is negative.
        """
        if wall_s < 0 or cpu_s < 0:
            raise ValueError(f"time only moves forward: expected durations >= 0, got {wall_s} and {cpu_s} seconds")
        self._wall_s += wall_s
        self._cpu_s += cpu_s
