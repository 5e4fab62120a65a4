"""The power trace of a whole energy pass, as a measurement carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device_agents.energy_windows import PowerWindow

MOST_POINTS = 5000
"""Longer traces are thinned out evenly: an answer shall stay small. A pass of 90 s at 10 Hz has 900."""


@dataclass(frozen=True)
class PowerRecord:
    """Power over the windows of a pass.

    Attributes:
        trace: (seconds since the first window began, watts).
        phases: (what the device did, start, end) of each window, in the same seconds.
        samples: samples that the sensor gave; more than the trace has where it was thinned out.
    """

    trace: tuple[tuple[float, float], ...]
    phases: tuple[tuple[str, float, float], ...]
    samples: int

    def details(self) -> dict[str, float]:
        """Returns ``{"power_trace_samples"}``, the number before thinning out; empty for an empty record."""
        return {"power_trace_samples": float(self.samples)} if self.samples else {}


NO_RECORD = PowerRecord((), (), 0)


def power_record(windows: Sequence[PowerWindow], most_points: int = MOST_POINTS) -> PowerRecord:
    """Returns the record of `windows`; empty where the sensor has no power samples."""
    points: list[tuple[float, float]] = []
    phases: list[tuple[str, float, float]] = []
    for window in windows:
        start_s = window.start_s - windows[0].start_s
        phases.append((window.phase.value, start_s, start_s + window.reading.duration_s))
        if window.reading.trace is not None:
            trace = window.reading.trace
            points += [
                (start_s + time_s, power_w) for time_s, power_w in zip(trace.times_s, trace.power_w, strict=True)
            ]
    if not points:
        return NO_RECORD
    kept = np.unique(np.linspace(0, len(points) - 1, min(len(points), most_points)).round().astype(int))
    return PowerRecord(tuple(points[index] for index in kept), tuple(phases), len(points))
