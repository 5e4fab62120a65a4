"""The energy pass: windows of the candidate alone, between two idle windows, on one clock and one meter.

It is apart from the latency pass because a sensor cannot tell two alternating models apart: its samples are a thousand
times longer than a call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from device_agents.clock import Clock
from device_agents.drift import Drift, drift_of
from device_agents.energy_plan import EnergyPlan
from device_agents.energy_warm_up import WarmUp, warm_up
from device_agents.energy_windows import Phase, PowerWindow, busy_window, idle_window
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.sampler import Subject
from device_agents.statistics import Estimate

STUDENT_975 = (math.inf, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45)
"""Quantile of Student's distribution by degrees of freedom, 0 to 6: of three windows the normal one says too little."""
NORMAL_975 = 1.96


@dataclass(frozen=True)
class EnergyPass:
    """What the pass found; energies per call, of the whole device.

    Attributes:
        energy_j: total energy per call; None where the meter has no energy.
        dynamic_energy_j: the same less what the idle device would have used; None without idle power.
        peak_power_w: largest moving mean of a window, the mean over windows; None where the meter has no power samples.
        power_p99_w: 99th percentile of the raw samples.
        idle_before_w: power of the idle device before the calls; None where the meter has no energy.
        idle_after_w: the same after the calls.
        calls_per_s: throughput in this pass.
        warm_up: how warming up went.
        drift: what changed from the first to the last window of calls.
        counter_difference: how far the energy counter lies above (or, below 0, under) the integral of the power
            samples, as a share of the integral; None where the meter does not have both.
        windows: every window, in the order of time.
    """

    energy_j: Estimate | None
    dynamic_energy_j: float | None
    peak_power_w: Estimate | None
    power_p99_w: float | None
    idle_before_w: float | None
    idle_after_w: float | None
    calls_per_s: float
    warm_up: WarmUp
    drift: Drift
    counter_difference: float | None
    windows: tuple[PowerWindow, ...]

    @property
    def busy_windows(self) -> tuple[PowerWindow, ...]:
        """The windows of calls."""
        return tuple(window for window in self.windows if window.phase is Phase.BUSY)

    @property
    def idle_power_w(self) -> float | None:
        """Mean of both idle powers; None where the meter has no energy."""
        return _idle_power(self.idle_before_w, self.idle_after_w)

    def idle_differs(self, tolerance: float) -> bool:
        """Returns whether the two idle powers differ by more than the share `tolerance` of their mean."""
        if self.idle_before_w is None or self.idle_after_w is None:
            return False
        mean_w = (self.idle_before_w + self.idle_after_w) / 2
        return abs(self.idle_before_w - self.idle_after_w) > tolerance * mean_w


def can_measure(meter: Meter) -> bool:
    """Returns whether `meter` sees energy or power at all."""
    provenances = (meter.energy_provenance, meter.power_provenance)
    return any(provenance is not Provenance.UNAVAILABLE for provenance in provenances)


def _nothing() -> None:
    """Watches nothing."""


def energy_pass(
    clock: Clock,
    meter: Meter,
    subject: Subject,
    plan: EnergyPlan,
    *,
    look: Callable[[], None] = _nothing,
    contended: bool = False,
) -> EnergyPass:
    """Returns the energy per call and the peak power of `subject`, run alone and back to back once it is warm.

    Args:
        clock: what the windows are timed with.
        meter: the sensor.
        subject: the candidate.
        plan: settings.
        look: is called before the first and after each window of calls, while the device is still hot.
        contended: others used the machine shortly before.

    Raises:
        DeviceError: the meter does not answer.
    """
    subject.prepare()
    before = idle_window(clock, meter, Phase.IDLE_BEFORE, plan.idle_s)
    warming = warm_up(clock, subject.call, plan, parallel=subject.parallel)
    look()
    busy: list[PowerWindow] = []
    while not _enough(busy, plan):
        busy.append(busy_window(clock, meter, subject.call, plan.window_s, plan.block_s))
        look()
    after = idle_window(clock, meter, Phase.IDLE_AFTER, plan.idle_s)
    drift = drift_of(busy, parallel=subject.parallel, contended=contended, block_s=plan.block_s)
    return _summary(meter, plan, warming, drift, (before, *busy, after))


def _summary(
    meter: Meter, plan: EnergyPlan, warming: WarmUp, drift: Drift, windows: tuple[PowerWindow, ...]
) -> EnergyPass:
    before, *busy, after = windows
    energy = _estimate(_energies(busy))
    idle_w = _idle_power(before.mean_power_w, after.mean_power_w)
    calls_per_s = sum(window.calls for window in busy) / sum(window.reading.duration_s for window in busy)
    traces = [trace for window in busy if (trace := window.reading.trace) is not None and trace.times_s]
    return EnergyPass(
        energy_j=energy,
        dynamic_energy_j=None if energy is None or idle_w is None else energy.value - idle_w / calls_per_s,
        peak_power_w=_estimate([trace.peak_w(plan.peak_width_s) for trace in traces]),
        power_p99_w=float(np.median([trace.percentile_w(99) for trace in traces])) if traces else None,
        idle_before_w=before.mean_power_w,
        idle_after_w=after.mean_power_w,
        calls_per_s=calls_per_s,
        warm_up=warming,
        drift=drift,
        counter_difference=_counter_difference(meter, busy),
        windows=windows,
    )


def _energies(windows: Sequence[PowerWindow]) -> list[float]:
    return [energy_j for window in windows if (energy_j := window.energy_per_call_j) is not None]


def _enough(windows: Sequence[PowerWindow], plan: EnergyPlan) -> bool:
    if len(windows) < plan.trials:
        return False
    energy = _estimate(_energies(windows))
    if energy is None or len(windows) >= plan.most_trials:
        return True
    freedom = len(energy.blocks) - 1
    quantile = STUDENT_975[freedom] if freedom < len(STUDENT_975) else NORMAL_975
    return quantile * energy.relative_stderr <= plan.relative_interval


def _estimate(values: list[float]) -> Estimate | None:
    """Returns the mean of per-window values with its standard error; None without at least two."""
    if len(values) < 2:
        return None
    stderr = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Estimate(float(np.mean(values)), stderr, tuple(values))


def _idle_power(before_w: float | None, after_w: float | None) -> float | None:
    return None if before_w is None or after_w is None else (before_w + after_w) / 2


def _counter_difference(meter: Meter, windows: Sequence[PowerWindow]) -> float | None:
    """Compares mean powers, since samples begin and end inside the window that the counter covers whole."""
    if meter.energy_provenance is not Provenance.MEASURED_COUNTER:
        return None
    differences = []
    for window in windows:
        trace, counted_w = window.reading.trace, window.mean_power_w
        if trace is not None and counted_w is not None and len(trace.times_s) > 1 and trace.energy_j() > 0:
            integrated_w = trace.energy_j() / (trace.times_s[-1] - trace.times_s[0])
            differences.append(counted_w / integrated_w - 1)
    return float(np.median(differences)) if differences else None
