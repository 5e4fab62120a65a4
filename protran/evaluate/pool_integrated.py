"""ProTran's own choice of rows: what lowers the variance over the whole pool most."""

from __future__ import annotations

import torch
from torch import Tensor

from protran.evaluate.active_pool import MeasuredPool
from protran.evaluate.diverse_rows import diverse_order
from protran.evaluate.pool_policies import Knowledge, Policy, unused
from protran.optimize.seeds import child_generator
from surrogates.active import choose, repeat_noise
from surrogates.hetero_gp import HeteroscedasticGP

REFERENCE = 256
"""Rows of the pool, drawn at random, over which the variance is to fall."""


class DiversePolicy(Policy):
    """Rows that differ most from one another, by features alone: no measurement is looked at (`diverse_order`)."""

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns the first `size` rows of the diverse order."""
        order: list[int] = diverse_order(pool.x)[:size].tolist()
        return order


class IntegratedPolicy(Policy):
    """Diverse rows to start with, then those that lower the variance over the pool most (`surrogates.active.choose`).

    Args:
        seeds: profiles before which rows are chosen for diversity: beliefs after a few rows mislead.
        by_cost: whether the reduction is counted per predicted latency.
        repeats: whether a row that was profiled may be chosen again, by the same criterion.
    """

    def __init__(self, seeds: int = 12, *, by_cost: bool = False, repeats: bool = False) -> None:
        self.seeds, self.by_cost, self.repeats = seeds, by_cost, repeats

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns the rows so far and those that `choose` picks; before that, diverse ones."""
        asked = list(known.asked)
        if known.belief is None or len(asked) < self.seeds:
            return DiversePolicy().extend(pool, known, size)
        rows = torch.as_tensor(unused(asked, len(pool)))
        noises = known.belief.noise(pool.x[rows])
        if self.repeats:
            profiled, again = _repeats(pool, known.belief, known)
            rows, noises = torch.cat([rows, profiled]), torch.cat([noises, again])
        reference = child_generator(known.seed, 0, "reference rows").permutation(len(pool))[:REFERENCE]
        costs = self._costs(pool, known.belief, rows)
        count = size - len(asked)
        x = pool.x
        chosen = choose(known.belief, x[rows], x[torch.as_tensor(reference)], count, costs=costs, noises=noises)
        return asked + rows[chosen].tolist()

    def _costs(self, pool: MeasuredPool, belief: HeteroscedasticGP, rows: Tensor) -> Tensor | None:
        if not self.by_cost or pool.latency is None:
            return None
        with torch.no_grad():
            return belief.predict(pool.x[rows]).mean[:, pool.latency]


def _repeats(pool: MeasuredPool, belief: HeteroscedasticGP, known: Knowledge) -> tuple[Tensor, Tensor]:
    """Returns the profiled rows, `k`, and for each the noise of a repeat, `k x m`."""
    profiled = pool.profile(known.asked, known.seed)
    stated = profiled.y_var / profiled.y.square()  # of the logarithm, on which all outputs of the judge live
    return profiled.rows, repeat_noise(belief.noise(pool.x[profiled.rows]), stated, profiled.counts)
