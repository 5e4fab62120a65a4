"""Samples of one model: warm it up, repeat it until a sample is long enough to time, settle it before each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from device_agents.clock import Clock
from device_agents.contention import Sample
from device_agents.sampling_plan import LatencyPlan


def _nothing() -> None:
    """Prepares a model that needs no preparation."""


@dataclass(frozen=True)
class Subject:
    """A model that is ready to be called.

    Attributes:
        call: runs the workload once.
        prepare: runs, untimed, before each sample (sets the number of threads).
        parallel: uses more than one thread, so that CPU time says nothing about its latency.
        accelerated: an accelerator runs it, so that CPU time says nothing about it at all; parallel as well.
        renew: builds the same model once more, elsewhere in memory; None where it cannot be built again.
    """

    call: Callable[[], object]
    prepare: Callable[[], None] = _nothing
    parallel: bool = False
    accelerated: bool = False
    renew: Callable[[], Subject] | None = None


class Sampler:
    """Warms one model up and then takes samples of it, all of the same number of calls.

    Attributes:
        call_s: seconds per call once warm, roughly; of CPU time for one thread.
        steady: calls took equal times when warming up ended. A model too slow to tell within the plan's limit counts
            as steady: nothing speaks against it.
        repeats: calls per sample.
        model_s: wall seconds that calls of the model took so far, untimed ones included.
    """

    def __init__(self, clock: Clock, subject: Subject, plan: LatencyPlan) -> None:
        self._clock = clock
        self._subject = subject
        self._plan = plan
        self.model_s = 0.0
        self.repeats = 1
        call_s, self.steady = self._warm_up()
        self.call_s = max(call_s, 1e-9)  # a clock may not see a very short call
        self._settle = 0 if self.call_s > plan.settle_limit_s else math.ceil(plan.settle_s / self.call_s)
        self.lengthen(plan.sample_s)

    @property
    def movable(self) -> bool:
        """Whether `moved` pays: the model can be built again, and is so small that its place in memory matters."""
        return self._subject.renew is not None and self.call_s <= self._plan.settle_limit_s

    def moved(self) -> Sampler:
        """Returns a sampler of the same model, built anew while this one still holds its place; counts go on."""
        renew = self._subject.renew
        if renew is None:
            return self
        other = Sampler(self._clock, renew(), self._plan)
        other.repeats, other.steady = self.repeats, self.steady and other.steady
        other.model_s += self.model_s
        return other

    def lengthen(self, sample_s: float) -> None:
        """Makes samples last about `sample_s` seconds, one call at least."""
        self.repeats = max(1, round(sample_s / self.call_s))

    def take(self, *, settle: bool) -> Sample:
        """Returns a sample; with `settle`, after untimed calls that fill the caches as calls in a row would."""
        self._subject.prepare()
        if settle and self._settle:
            self._time(self._settle)
        return self._time(self.repeats)

    def _warm_up(self) -> tuple[float, bool]:
        """Calls the model until two groups of calls agree, at the latest after the plan's limit (one call at least).

        Returns:
            Seconds per call, and whether calls were steady.
        """
        self._subject.prepare()
        deadline = self._clock.wall_s() + self._plan.warm_up_s
        calls: list[float] = []
        half = self._plan.warm_up_calls // 2
        while True:
            sample = self._time(1)
            calls.append(sample.wall_s if self._subject.parallel else sample.cpu_s)
            older, newer = calls[-2 * half : -half], calls[-half:]
            if len(older) == half:
                difference = abs(float(np.median(newer)) - float(np.median(older)))
                if difference <= self._plan.steady_within * float(np.median(newer)):
                    return min(newer), True
            if self._clock.wall_s() >= deadline:
                return min(newer), len(calls) < self._plan.warm_up_calls

    def _time(self, repeats: int) -> Sample:
        """Returns seconds per call over `repeats` calls in a row."""
        call, clock = self._subject.call, self._clock
        wall, cpu = clock.wall_s(), clock.cpu_s()
        for _ in range(repeats):
            call()
        cpu, wall = clock.cpu_s() - cpu, clock.wall_s() - wall
        self.model_s += wall
        return Sample(wall_s=wall / repeats, cpu_s=cpu / repeats)
