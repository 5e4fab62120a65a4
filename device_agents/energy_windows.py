"""The windows of the energy pass: idle ones, and busy ones whose calls are timed in blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from device_agents.clock import Clock
from device_agents.contention import Sample
from device_agents.errors import DeviceError
from device_agents.meters.base import Meter, Reading


class Phase(str, Enum):
    """What the device did in a window."""

    IDLE_BEFORE = "idle-before"
    BUSY = "busy"
    IDLE_AFTER = "idle-after"


@dataclass(frozen=True)
class PowerWindow:
    """One window of the meter.

    Attributes:
        phase: what the device did in it.
        start_s: wall time at which it began.
        reading: what the meter saw.
        calls: calls in it.
        blocks: seconds per call, block by block, in the order of time; empty for an idle window.
    """

    phase: Phase
    start_s: float
    reading: Reading
    calls: int = 0
    blocks: tuple[Sample, ...] = ()

    @property
    def energy_per_call_j(self) -> float | None:
        """Energy per call; None where the meter has none."""
        return None if self.reading.energy_j is None else self.reading.energy_j / self.calls

    @property
    def mean_power_w(self) -> float | None:
        """Energy over time; None where the meter has no energy."""
        return None if self.reading.energy_j is None else self.reading.energy_j / self.reading.duration_s


def idle_window(clock: Clock, meter: Meter, phase: Phase, duration_s: float) -> PowerWindow:
    """Returns a window in which this process sleeps. Raises `DeviceError` where the meter does not answer."""
    start_s = clock.wall_s()
    return PowerWindow(phase, start_s, _reading(meter, lambda: clock.sleep(duration_s)))


def busy_window(clock: Clock, meter: Meter, call: Callable[[], object], window_s: float, block_s: float) -> PowerWindow:
    """Returns a window of calls back to back, one at least. Raises `DeviceError` where the meter does not answer."""
    blocks: list[Sample] = []
    calls = 0

    def work() -> None:
        nonlocal calls
        end_s = clock.wall_s() + window_s
        while calls == 0 or clock.wall_s() < end_s:
            began_s, began_cpu_s = clock.wall_s(), clock.cpu_s()
            block_calls, until_s = 0, min(began_s + block_s, end_s)
            while block_calls == 0 or clock.wall_s() < until_s:
                call()
                block_calls += 1
            wall_s, cpu_s = clock.wall_s() - began_s, clock.cpu_s() - began_cpu_s
            calls += block_calls
            if wall_s >= block_s / 2 or not blocks:  # what is left of a window may be too short to time
                blocks.append(Sample(wall_s / block_calls, cpu_s / block_calls))

    start_s = clock.wall_s()
    reading = _reading(meter, work)
    return PowerWindow(Phase.BUSY, start_s, reading, calls, tuple(blocks))


def _reading(meter: Meter, work: Callable[[], object]) -> Reading:
    meter.begin()
    try:
        work()
    except BaseException:
        meter.end()  # so that the meter can be used again
        raise
    reading = meter.end()
    if reading.duration_s <= 0:
        raise DeviceError(f"meter {meter.name}: expected a window longer than 0 s, got {reading.duration_s:g} s")
    return reading
