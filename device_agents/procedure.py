"""The paired latency pass: a candidate and the fixed reference model, alternated, on one clock.

On a machine that others use too, no absolute time repeats: separate runs differ by 30 % in median wall time and 10 %
in median CPU time. What repeats (0.4 %) is the ratio to a reference model that ran at the same moments. So the pass
alternates the two in random order and reports the median of the pairwise ratios.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from device_agents.clock import Clock
from device_agents.contention import Sample, clean_share, is_contended, reference_latency
from device_agents.reference import ReferenceLatency
from device_agents.sampler import Sampler, Subject
from device_agents.sampling_plan import LatencyPlan
from device_agents.statistics import Estimate, block_estimate


@dataclass(frozen=True)
class PairedLatency:
    """What the pass found.

    Attributes:
        ratio: candidate / reference; of CPU times for one thread, of wall times for several and for an accelerator.
        cpu_ratio: candidate / reference, of CPU times; None for an accelerator, for which the processor only waits.
        reference: the reference's own latency, as seen in this pass.
        candidate_wall_s: median wall seconds per call, which include what others took from the machine.
        candidate_cpu_s: median CPU seconds per call.
        clean_share: share of samples whose wall time was their CPU time; for an accelerator, of samples of the
            reference whose wall time was near that of the fastest.
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
    cpu_ratio: Estimate | None
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

    def paired(self, candidate: Subject, reference: Subject) -> PairedLatency:
        """Returns the candidate's latency as a ratio to the reference's.

        Stops as soon as the ratio is known well enough, at the latest after the plan's budget; a slow model gets the
        plan's minimum of pairs however long they take.
        """
        started_s = self._clock.wall_s()
        of_reference = Sampler(self._clock, reference, self._plan)
        of_candidate = Sampler(self._clock, candidate, self._plan)
        of_reference.lengthen(self._reference_sample_s(of_candidate.call_s))
        candidates, references, (of_candidate, of_reference) = self._pairs(
            of_candidate, of_reference, parallel=candidate.parallel
        )
        wall = [above.wall_s / below.wall_s for above, below in zip(candidates, references, strict=True)]
        cpu = None if candidate.accelerated else _cpu_ratios(candidates, references)
        of_device = reference_latency(references, accelerated=reference.accelerated)
        # The reference has one thread; a parallel candidate's wall and CPU time differ without any contention.
        share = of_device.clean_share if candidate.parallel else clean_share([*references, *candidates])
        return PairedLatency(
            ratio=block_estimate(wall if candidate.parallel or cpu is None else cpu),
            cpu_ratio=None if cpu is None else block_estimate(cpu),
            reference=of_device,
            candidate_wall_s=float(np.median([sample.wall_s for sample in candidates])),
            candidate_cpu_s=float(np.median([sample.cpu_s for sample in candidates])),
            clean_share=share,
            contended=is_contended(share),
            few_samples=len(wall) < self._plan.floor_pairs,
            steady=of_candidate.steady and of_reference.steady,
            pairs=len(wall),
            candidate_repeats=of_candidate.repeats,
            reference_repeats=of_reference.repeats,
            elapsed_s=self._clock.wall_s() - started_s,
            model_s=of_candidate.model_s + of_reference.model_s,
        )

    def alone(self, reference: Subject) -> ReferenceLatency:
        """Returns the latency of the reference model with nothing beside it, over several places in memory."""
        sampler = Sampler(self._clock, reference, self._plan)
        samples: list[Sample] = []
        spent = self._budget()
        while len(samples) < self._plan.minimum_pairs or not spent():
            if sampler.movable and samples and len(samples) % (3 * self._plan.pairs_per_placement) == 0:
                sampler = sampler.moved()
            samples.append(sampler.take(settle=False))
        return reference_latency(samples, accelerated=reference.accelerated)

    def _reference_sample_s(self, candidate_call_s: float) -> float:
        wanted = min(self._plan.reference_share * candidate_call_s, self._plan.longest_reference_s)
        return max(self._plan.sample_s, wanted)

    def _pairs(
        self, of_candidate: Sampler, of_reference: Sampler, *, parallel: bool
    ) -> tuple[list[Sample], list[Sample], tuple[Sampler, Sampler]]:
        """Returns the samples of both, and the samplers that took the last ones.

        Small models are built anew every few pairs: where the weights happen to lie changes the ratio by more than a
        percent, for as long as they lie there, so that without it two runs of one model would differ by as much.
        """
        candidates: list[Sample] = []
        references: list[Sample] = []
        ratios: list[float] = []
        paddings: list[bytes] = []  # of random sizes, so that no two builds find the same free places
        moving = of_candidate.movable and of_reference.movable
        floor = self._plan.placements * self._plan.pairs_per_placement if moving else 0
        spent = self._budget()
        while True:
            if moving and ratios and len(ratios) % self._plan.pairs_per_placement == 0:
                paddings.append(bytes(self._rng.randrange(1 << 17)))
                of_candidate, of_reference = of_candidate.moved(), of_reference.moved()
            if self._rng.random() < 0.5:
                candidates.append(of_candidate.take(settle=True))
                references.append(of_reference.take(settle=True))
            else:
                references.append(of_reference.take(settle=True))
                candidates.append(of_candidate.take(settle=True))
            above, below = candidates[-1], references[-1]
            ratios.append(above.wall_s / below.wall_s if parallel else above.cpu_s / below.cpu_s)
            enough = len(ratios) >= floor and self._known_well_enough(ratios)
            if enough or (len(ratios) >= self._plan.minimum_pairs and spent()):
                return candidates, references, (of_candidate, of_reference)

    def _budget(self) -> Callable[[], bool]:
        """Returns a function that tells whether the plan's time, counted from now, is spent."""
        clock, plan = self._clock, self._plan
        cpu_end, wall_end = clock.cpu_s() + plan.budget_cpu_s, clock.wall_s() + plan.longest_s
        return lambda: clock.cpu_s() >= cpu_end or clock.wall_s() >= wall_end

    def _known_well_enough(self, ratios: list[float]) -> bool:
        if len(ratios) < self._plan.floor_pairs or len(ratios) % 10:
            return False  # looking after every pair would stop on lucky moments
        return block_estimate(ratios).relative_stderr <= self._plan.target_relative_stderr


def _cpu_ratios(candidates: Sequence[Sample], references: Sequence[Sample]) -> list[float]:
    return [above.cpu_s / below.cpu_s for above, below in zip(candidates, references, strict=True)]
