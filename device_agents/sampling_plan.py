"""How long and how often the latency pass samples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LatencyPlan:
    """Settings of the paired latency pass. The defaults were chosen with `benchmarks/profile_repeatability.py`.

    Attributes:
        sample_s: a sample repeats its model until it lasts about this long: three periods of the kernel's 250 Hz tick,
            whose work falls into some calls and not into others. Samples of 3 ms scatter by 3.3 %, of 16 ms by 1.4 %.
        settle_s: before each sample its model runs untimed for about this long. Without it a model pays for the caches
            that the other one emptied: the reference ran 15 % slower beside a 13 ms candidate, 1 % with 2 ms of it.
        settle_limit_s: a model whose call lasts longer than this is not settled: there the effect is below 1 %.
        reference_share: beside a slow candidate a sample of the reference lasts this share of the candidate's call,
            so that both see the same machine.
        longest_reference_s: but no longer than this.
        warm_up_s: limit for warming up one model.
        warm_up_calls: calls of a model before it can count as steady.
        steady_within: two groups of calls that agree within this share are steady.
        floor_pairs: pairs to take before stopping early; fewer are flagged.
        placements: times that small models are built anew, elsewhere in memory, before stopping early.
        pairs_per_placement: pairs to take before they are built anew.
        minimum_pairs: pairs to take however long they last, so that there is a standard error.
        target_relative_stderr: stop as soon as the ratio is known this well.
        budget_cpu_s: stop after using this much CPU time; on a busy machine that lasts longer, and needs to.
        longest_s: stop sampling after this much wall time in any case.
    """

    sample_s: float = 0.012
    settle_s: float = 0.002
    settle_limit_s: float = 0.02
    reference_share: float = 0.25
    longest_reference_s: float = 0.02
    warm_up_s: float = 0.3
    warm_up_calls: int = 10
    steady_within: float = 0.05
    floor_pairs: int = 60
    placements: int = 12
    pairs_per_placement: int = 5
    minimum_pairs: int = 3
    target_relative_stderr: float = 0.003
    budget_cpu_s: float = 3.0
    longest_s: float = 5.0
