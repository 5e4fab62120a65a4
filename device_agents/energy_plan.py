"""How long and how often the energy pass looks, and what it does not let pass."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EnergyPlan:
    """Settings of the energy pass.

    Attributes:
        window_s: length of a window of calls; counters of some devices only look a quarter of the time, so it is long.
        idle_s: length of the idle window before the first and after the last window of calls.
        trials: windows of calls to begin with, two or more.
        most_trials: windows of calls at most.
        relative_interval: stop when the 95 % interval of the energy is this narrow (half width / mean).
        idle_tolerance: idle powers before and after that differ by more are flagged.
        peak_width_s: width of the moving mean whose maximum is the peak power.
        warm_up_calls: calls before the first window, at least.
        warm_up_s: seconds of calls before the first window, at least.
        warm_up_limit_s: but no longer than this, steady or not.
        block_s: windows are looked at in blocks of this length, to tell warming up and drift.
        steady_within: two blocks of warming up whose medians agree within this share are steady.
        drift_tolerance: the last window may differ from the first by this share.
        counter_tolerance: an energy counter and the integral of power may differ by this share.
    """

    window_s: float = 10.0
    idle_s: float = 10.0
    trials: int = 3
    most_trials: int = 7
    relative_interval: float = 0.02
    idle_tolerance: float = 0.05
    peak_width_s: float = 1.0
    warm_up_calls: int = 10
    warm_up_s: float = 1.0
    warm_up_limit_s: float = 10.0
    block_s: float = 0.5
    steady_within: float = 0.02
    drift_tolerance: float = 0.02
    counter_tolerance: float = 0.10
