"""Warming up before the first busy window of the energy pass: until a call takes as long as it will go on to take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from device_agents.clock import Clock
from device_agents.energy_plan import EnergyPlan


@dataclass(frozen=True)
class WarmUp:
    """How warming up went.

    Attributes:
        calls: calls that it took.
        duration_s: wall seconds that it took.
        steady: two blocks agreed; also where calls are so slow that there was only one block: nothing speaks against
            it.
    """

    calls: int
    duration_s: float
    steady: bool


def warm_up(clock: Clock, call: Callable[[], object], plan: EnergyPlan, *, parallel: bool) -> WarmUp:
    """Calls until the plan's calls and seconds are reached and two blocks agree, at the latest after its limit.

    Blocks are compared by the median of their calls, in CPU time for one thread, which others on the machine disturb
    less, and in wall time for several.
    """
    began_s = clock.wall_s()
    now_s = clock.wall_s if parallel else clock.cpu_s
    medians: list[float] = []
    calls = 0
    while True:
        block_end_s = clock.wall_s() + plan.block_s
        times: list[float] = []
        while not times or clock.wall_s() < block_end_s:
            start_s = now_s()
            call()
            times.append(now_s() - start_s)
        calls += len(times)
        medians.append(float(np.median(times)))
        elapsed_s = clock.wall_s() - began_s
        agree = len(medians) > 1 and abs(medians[-1] - medians[-2]) <= plan.steady_within * medians[-1]
        if agree and calls >= plan.warm_up_calls and elapsed_s >= plan.warm_up_s:
            return WarmUp(calls, elapsed_s, steady=True)
        if elapsed_s >= plan.warm_up_limit_s:
            return WarmUp(calls, elapsed_s, steady=agree or len(medians) == 1)
