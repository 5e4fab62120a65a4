"""The energy pass: a window of the candidate alone, between two idle windows, on one clock and one meter.

It is apart from the latency pass because a sensor cannot tell two alternating models apart: its samples are a thousand
times longer than a call.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from device_agents.clock import Clock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, Reading
from device_agents.statistics import Estimate

NORMAL_975 = 1.96  # quantile of the standard normal distribution


@dataclass(frozen=True)
class EnergyPlan:
    """How long the energy pass looks.

    Attributes:
        window_s: length of a window of calls; counters of some devices only look a quarter of the time, so it is long.
        idle_s: length of the idle window before the first and after the last window of calls.
        trials: windows of calls to begin with, two or more.
        most_trials: windows of calls at most.
        relative_interval: stop when the 95 % interval of the energy is this narrow (half width / mean).
        idle_tolerance: idle powers before and after that differ by more are flagged.
        peak_width_s: width of the moving mean whose maximum is the peak power.
    """

    window_s: float = 10.0
    idle_s: float = 10.0
    trials: int = 3
    most_trials: int = 7
    relative_interval: float = 0.02
    idle_tolerance: float = 0.05
    peak_width_s: float = 1.0


@dataclass(frozen=True)
class EnergyPass:
    """What the pass found; energies per call, of the whole device.

    Attributes:
        energy_j: total energy per call; None where the meter has no energy.
        dynamic_energy_j: the same less what the idle device would have used; None without idle power.
        peak_power_w: largest moving mean, the median over windows; None where the meter has no power samples.
        power_p99_w: 99th percentile of the raw samples.
        idle_power_w: mean of both idle windows.
        calls_per_s: throughput in this pass.
        idle_differs: the two idle powers differ by more than the plan allows.
    """

    energy_j: Estimate | None
    dynamic_energy_j: float | None
    peak_power_w: Estimate | None
    power_p99_w: float | None
    idle_power_w: float | None
    calls_per_s: float
    idle_differs: bool


def can_measure(meter: Meter) -> bool:
    """Returns whether `meter` sees energy or power at all."""
    provenances = (meter.energy_provenance, meter.power_provenance)
    return any(provenance is not Provenance.UNAVAILABLE for provenance in provenances)


def energy_pass(clock: Clock, meter: Meter, call: Callable[[], object], plan: EnergyPlan) -> EnergyPass:
    """Returns the energy per call and the peak power of `call`, run alone and back to back.

    Raises:
        DeviceError: the meter does not answer.
    """
    before = _window(meter, lambda: clock.sleep(plan.idle_s))
    windows: list[tuple[Reading, int]] = []
    while not _enough(windows, plan):
        windows.append(_calls(clock, meter, call, plan.window_s))
    after = _window(meter, lambda: clock.sleep(plan.idle_s))

    idle_w, differs = _idle_power(before, after, plan.idle_tolerance)
    energy = _estimate(_energies(windows))
    calls_per_s = sum(calls for _, calls in windows) / sum(reading.duration_s for reading, _ in windows)
    traces = [reading.trace for reading, _ in windows if reading.trace is not None and reading.trace.times_s]
    return EnergyPass(
        energy_j=energy,
        dynamic_energy_j=None if energy is None or idle_w is None else energy.value - idle_w / calls_per_s,
        peak_power_w=_estimate([trace.peak_w(plan.peak_width_s) for trace in traces]),
        power_p99_w=float(np.median([trace.percentile_w(99) for trace in traces])) if traces else None,
        idle_power_w=idle_w,
        calls_per_s=calls_per_s,
        idle_differs=differs,
    )


def _window(meter: Meter, work: Callable[[], object]) -> Reading:
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


def _calls(clock: Clock, meter: Meter, call: Callable[[], object], window_s: float) -> tuple[Reading, int]:
    calls = 0

    def work() -> None:
        nonlocal calls
        deadline = clock.wall_s() + window_s
        while calls == 0 or clock.wall_s() < deadline:
            call()
            calls += 1

    return _window(meter, work), calls


def _energies(windows: list[tuple[Reading, int]]) -> list[float]:
    return [reading.energy_j / calls for reading, calls in windows if reading.energy_j is not None]


def _enough(windows: list[tuple[Reading, int]], plan: EnergyPlan) -> bool:
    if len(windows) < plan.trials:
        return False
    energy = _estimate(_energies(windows))
    if energy is None or len(windows) >= plan.most_trials:
        return True
    return NORMAL_975 * energy.relative_stderr <= plan.relative_interval


def _estimate(values: list[float]) -> Estimate | None:
    """Returns the mean of per-window values with its standard error; None without at least two."""
    if len(values) < 2:
        return None
    stderr = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Estimate(float(np.mean(values)), stderr, tuple(values))


def _idle_power(before: Reading, after: Reading, tolerance: float) -> tuple[float | None, bool]:
    if before.energy_j is None or after.energy_j is None:
        return None, False
    first, last = before.energy_j / before.duration_s, after.energy_j / after.duration_s
    mean = (first + last) / 2
    return mean, abs(first - last) > tolerance * mean
