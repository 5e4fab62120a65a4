"""Whether others used the machine while samples of a model were taken, and what that leaves to believe.

For a one-threaded model on the processor CPU time tells. For a model on an accelerator it does not: the processor waits
there, spinning or asleep, and sees nobody who uses the accelerator. There the samples' own scatter has to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from device_agents.reference import ReferenceLatency
from device_agents.statistics import block_estimate, low_decile

CLEAN_BELOW = 1.02
"""A sample is clean where wall / CPU time is below this: nobody else had the processor."""
CLEAN_SHARE = 0.74
"""From this share of clean samples on, median wall times of separate runs agree within 1.3 % (project measurements)."""
SCATTER_BELOW = 1.05
"""On an accelerator a sample is clean where its wall time is below this times the low decile. Chosen, not measured."""


@dataclass(frozen=True)
class Sample:
    """Seconds per call of a model, averaged over one sample's repeats."""

    wall_s: float
    cpu_s: float

    @property
    def clean(self) -> bool:
        """Whether a one-threaded model had the processor for itself."""
        return self.wall_s < CLEAN_BELOW * self.cpu_s


def clean_share(samples: Sequence[Sample]) -> float:
    """Returns the share of `samples` that are clean."""
    return sum(sample.clean for sample in samples) / len(samples)


def is_contended(share: float) -> bool:
    """Returns whether a clean share of `share` means that others used the machine."""
    return share < CLEAN_SHARE


def clean_by_scatter(samples: Sequence[Sample]) -> list[Sample]:
    """Returns those of `samples`, of one model, whose wall time is near that of the fastest tenth."""
    most_s = SCATTER_BELOW * low_decile([sample.wall_s for sample in samples])
    return [sample for sample in samples if sample.wall_s < most_s]


def reference_latency(samples: Sequence[Sample], *, accelerated: bool = False) -> ReferenceLatency:
    """Returns the median wall time of the clean ones among `samples`, or, where too few are clean, the low decile.

    Args:
        samples: of the reference model.
        accelerated: an accelerator runs it.

    Raises:
        ValueError: fewer than two samples.
    """
    clean = clean_by_scatter(samples) if accelerated else [sample for sample in samples if sample.clean]
    share = len(clean) / len(samples)
    walls = [sample.wall_s for sample in samples]
    if is_contended(share):
        return ReferenceLatency(low_decile(walls), block_estimate(walls).stderr, share, contended=True)
    # Two samples with a clean share of 0.74 or more are both clean, so there are always two here.
    estimate = block_estimate([sample.wall_s for sample in clean])
    return ReferenceLatency(estimate.value, estimate.stderr, share, contended=False)
