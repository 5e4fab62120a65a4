"""The paired latency pass: a candidate and the fixed reference model, alternated, on one clock.

On a machine that others use too, no absolute time repeats: separate runs differ by 30 % in median wall time and 10 %
in median CPU time. What repeats (0.4 %) is the ratio to a reference model that ran at the same moments. So the pass
alternates the two in random order and reports the median of the pairwise ratios.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from device_agents.clock import Clock
from device_agents.contention import Sample, clean_share, is_contended, reference_latency
from device_agents.reference import ReferenceLatency
from device_agents.sampling_plan import LatencyPlan
from device_agents.statistics import Estimate, block_estimate


def _nothing() -> None:
    """Prepares a model that needs no preparation."""


@dataclass(frozen=True)
class Subject:
    """A model that is ready to be called.

    Attributes:
        call: runs the workload once.
        prepare: runs, untimed, before each sample (sets the number of threads).
        parallel: uses more than one thread, so that CPU time says nothing about its latency.
    """

    call: Callable[[], object]
    prepare: Callable[[], None] = _nothing
    parallel: bool = False


@dataclass(frozen=True)
class WarmUp:
    """What warming up showed: seconds per call once warm, and whether calls had become steady."""

    call_s: float
    steady: bool


@dataclass(frozen=True)
class PairedLatency:
    """What the pass found.

    Attributes:
        ratio: candidate / reference; of CPU times for one thread, of wall times for several.
        cpu_ratio: candidate / reference, of CPU times.
        reference: the reference's own latency, as seen in this pass.
        candidate_wall_s: median wall seconds per call, which include what others took from the machine.
        candidate_cpu_s: median CPU seconds per call.
        clean_share: share of samples whose wall time was their CPU time.
        contended: others used the machine during the pass.
        few_samples: fewer pairs than the plan's floor.
        steady: both models were steady before the first sample.
        pairs: number of pairs behind the ratio.
        candidate_repeats: calls per sample of the candidate.
        reference_repeats: calls per sample of the reference.
        elapsed_s: wall seconds of the whole pass.
        model_s: wall seconds of the pass that were calls of the two models.
    """

    ratio: Estimate
    cpu_ratio: Estimate
    reference: ReferenceLatency
    candidate_wall_s: float
    candidate_cpu_s: float
    clean_share: float
    contended: bool
    few_samples: bool
    steady: bool
    pairs: int
    candidate_repeats: int
    reference_repeats: int
    elapsed_s: float
    model_s: float


class LatencyPass:
    """One run of the procedure on one clock; every random choice comes from `rng`."""

    def __init__(self, clock: Clock, plan: LatencyPlan, rng: random.Random) -> None:
        self._clock = clock
        self._plan = plan
        self._rng = rng
        self._model_s = 0.0

    def paired(self, candidate: Subject, reference: Subject) -> PairedLatency:
        """Returns the candidate's latency as a ratio to the reference's.

        Stops as soon as the ratio is known well enough, at the latest after the plan's budget; a slow model gets the
        plan's minimum of pairs however long they take.
        """
        started = self._clock.wall_s()
        warm_reference, warm_candidate = self.warm_up(reference), self.warm_up(candidate)
        reference_sample_s = self._reference_sample_s(warm_candidate.call_s)
        takers = (
            _Taker(self, candidate, warm_candidate.call_s, self._plan.sample_s),
            _Taker(self, reference, warm_reference.call_s, reference_sample_s),
        )
        candidates, references = self._pairs(takers, parallel=candidate.parallel)
        cpu = _ratios([s.cpu_s for s in candidates], [s.cpu_s for s in references])
        wall = _ratios([s.wall_s for s in candidates], [s.wall_s for s in references])
        # The reference has one thread; a parallel candidate's wall and CPU time differ without any contention.
        share = clean_share(references if candidate.parallel else [*references, *candidates])
        return PairedLatency(
            ratio=block_estimate(wall if candidate.parallel else cpu),
            cpu_ratio=block_estimate(cpu),
            reference=reference_latency(references),
            candidate_wall_s=float(np.median([s.wall_s for s in candidates])),
            candidate_cpu_s=float(np.median([s.cpu_s for s in candidates])),
            clean_share=share,
            contended=is_contended(share),
            few_samples=len(cpu) < self._plan.floor_pairs,
            steady=warm_candidate.steady and warm_reference.steady,
            pairs=len(cpu),
            candidate_repeats=takers[0].repeats,
            reference_repeats=takers[1].repeats,
            elapsed_s=self._clock.wall_s() - started,
            model_s=self._model_s,
        )

    def alone(self, reference: Subject) -> ReferenceLatency:
        """Returns the latency of the reference model with nothing beside it."""
        warm = self.warm_up(reference)
        taker = _Taker(self, reference, warm.call_s, self._plan.sample_s)
        samples: list[Sample] = []
        deadline = self._clock.wall_s() + self._plan.budget_s
        while len(samples) < self._plan.minimum_pairs or self._clock.wall_s() < deadline:
            samples.append(taker.take(settle=False))
        return reference_latency(samples)

    def warm_up(self, subject: Subject) -> WarmUp:
        """Calls `subject` until two groups of calls agree, at the latest after the plan's limit (one call at least).

        A model too slow to fill both groups within the limit counts as steady: nothing speaks against it.
        """
        subject.prepare()
        deadline = self._clock.wall_s() + self._plan.warm_up_s
        calls: list[float] = []
        half = self._plan.warm_up_calls // 2
        while True:
            sample = self.sample(subject, 1)
            calls.append(sample.wall_s if subject.parallel else sample.cpu_s)
            older, newer = calls[-2 * half : -half], calls[-half:]
            if len(older) == half:
                difference = abs(float(np.median(newer)) - float(np.median(older)))
                if difference <= self._plan.steady_within * float(np.median(newer)):
                    return WarmUp(min(newer), steady=True)
            if self._clock.wall_s() >= deadline:
                return WarmUp(min(newer), steady=len(calls) < self._plan.warm_up_calls)

    def sample(self, subject: Subject, repeats: int) -> Sample:
        """Returns seconds per call over `repeats` calls in a row."""
        call, clock = subject.call, self._clock
        wall, cpu = clock.wall_s(), clock.cpu_s()
        for _ in range(repeats):
            call()
        cpu, wall = clock.cpu_s() - cpu, clock.wall_s() - wall
        self._model_s += wall
        return Sample(wall_s=wall / repeats, cpu_s=cpu / repeats)

    def settle_calls(self, call_s: float) -> int:
        """Returns how many untimed calls go before a sample of a model whose call lasts `call_s` seconds."""
        return 0 if call_s > self._plan.settle_limit_s else math.ceil(self._plan.settle_s / call_s)

    def _reference_sample_s(self, candidate_call_s: float) -> float:
        wanted = min(self._plan.reference_share * candidate_call_s, self._plan.longest_reference_s)
        return max(self._plan.sample_s, wanted)

    def _pairs(self, takers: tuple[_Taker, _Taker], *, parallel: bool) -> tuple[list[Sample], list[Sample]]:
        samples: tuple[list[Sample], list[Sample]] = ([], [])
        ratios: list[float] = []
        deadline = self._clock.wall_s() + self._plan.budget_s
        while True:
            for which in self._rng.sample((0, 1), 2):
                samples[which].append(takers[which].take(settle=True))
            candidate, reference = samples[0][-1], samples[1][-1]
            ratios += _ratios(*([s.wall_s if parallel else s.cpu_s] for s in (candidate, reference)))
            if self._known_well_enough(ratios):
                return samples
            if len(ratios) >= self._plan.minimum_pairs and self._clock.wall_s() >= deadline:
                return samples

    def _known_well_enough(self, ratios: list[float]) -> bool:
        if len(ratios) < self._plan.floor_pairs or len(ratios) % 10:
            return False  # looking after every pair would stop on lucky moments
        return block_estimate(ratios).relative_stderr <= self._plan.target_relative_stderr


class _Taker:
    """Takes samples of one model, all of the same number of calls."""

    def __init__(self, latency_pass: LatencyPass, subject: Subject, call_s: float, sample_s: float) -> None:
        call_s = max(call_s, 1e-9)  # a clock may not see a very short call
        self._pass = latency_pass
        self._subject = subject
        self._settle = latency_pass.settle_calls(call_s)
        self.repeats = max(1, round(sample_s / call_s))

    def take(self, *, settle: bool) -> Sample:
        self._subject.prepare()
        if settle and self._settle:
            self._pass.sample(self._subject, self._settle)
        return self._pass.sample(self._subject, self.repeats)


def _ratios(candidate_s: list[float], reference_s: list[float]) -> list[float]:
    return [above / below for above, below in zip(candidate_s, reference_s, strict=True)]
