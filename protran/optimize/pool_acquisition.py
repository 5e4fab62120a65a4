"""Which rows of a finite pool to evaluate next: those that are expected to add most hypervolume.

The expected hypervolume improvement of independent normal gains is a sum over the boxes of the non-dominated region of
products of one-dimensional expectations. The boxes' edges are coordinates of the front, so each expectation is computed
once per row and edge and looked up for each box: all rows of a pool are scored exactly.

Source: Yang et al., "Efficient Computation of Expected Hypervolume Improvement Using Box Decomposition Algorithms"
(Journal of Global Optimization 75(1), 2019).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from torch import Tensor

from protran.optimize.pool_beliefs import PoolBeliefs

WORST_QUANTILE = 0.99
"""Of the believed values over the pool: what is worse counts nothing."""
REACH = 2.0
"""A row whose gains are dominated even so many deviations above their means is not scored."""
CHUNK_NUMBERS = 4_000_000
"""Products of a row and a box that are held at once."""
RESCORED = 64
"""Rows that are scored anew at a time after a choice."""
KEPT = 1000
"""The best rows, among which a batch is chosen: its later choices were not far behind at first."""
SMALLEST_DEVIATION = 1e-6


@dataclass(frozen=True)
class GainScale:
    """From logarithms of objectives to gains: 0 at the reference, 1 at the ideal, linear in the objectives' units."""

    reference: Tensor
    ideal: Tensor

    @classmethod
    def of(cls, mean: Tensor) -> GainScale:
        """Returns the scale over the believed logarithms `n x m` of a whole pool."""
        values = mean.exp()
        return cls(torch.quantile(values, WORST_QUANTILE, dim=0), values.amin(0))

    def moments(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means and deviations of gains, to first order, from those of logarithms, `n x m` each."""
        value, span = mean.exp(), (self.reference - self.ideal).clamp_min(math.ulp(0.0))
        return (self.reference - value) / span, (value * variance.sqrt() / span).clamp_min(SMALLEST_DEVIATION)


class ExpectedImprovement:
    """Expected hypervolume improvement over a front that grows.

    Args:
        front: gains `k x m` of what is known.
    """

    def __init__(self, front: Tensor) -> None:
        self._boxes = FastNondominatedPartitioning(ref_point=front.new_zeros(front.shape[-1]), Y=front[:0])
        self.add(front)

    def add(self, gains: Tensor) -> None:
        """Takes gains `k x m` into the front."""
        self._boxes.update(gains[(gains > 0).all(-1)])
        self._lower, self._upper = self._boxes.get_hypercell_bounds()  # (c, m) each

    def may_improve(self, mean: Tensor, deviation: Tensor) -> Tensor:
        """Returns for which gains `n x m` an improvement is not out of reach, `n`."""
        best = mean + REACH * deviation
        front = self._boxes.pareto_Y
        beaten = torch.zeros(len(best), dtype=torch.bool)
        for point in front:
            beaten |= (point >= best).all(-1)
        return (best > 0).all(-1) & ~beaten

    def __call__(self, mean: Tensor, deviation: Tensor) -> Tensor:
        """Returns the expected improvement `n` of independent normal gains `n x m`."""
        rows = max(1, CHUNK_NUMBERS // len(self._lower))
        edges = [self._edges(column) for column in range(mean.shape[-1])]
        parts = [
            self._score(mean[first : first + rows], deviation[first : first + rows], edges)
            for first in range(0, len(mean), rows)
        ]
        return torch.cat(parts) if parts else mean.new_zeros(0)

    def _edges(self, column: int) -> tuple[Tensor, Tensor]:
        """Returns the distinct edges of the boxes in one objective, and where the boxes' two edges are among them."""
        both = torch.stack([self._lower[:, column], self._upper[:, column]])
        levels, places = torch.unique(both, return_inverse=True)
        return levels, places

    @staticmethod
    def _score(mean: Tensor, deviation: Tensor, edges: list[tuple[Tensor, Tensor]]) -> Tensor:
        product: Tensor | None = None
        for column, (levels, (low, high)) in enumerate(edges):
            above = _expected_excess(mean[:, column, None], deviation[:, column, None], levels)
            part = above[:, low] - above[:, high]
            product = part if product is None else product.mul_(part)
        return mean.new_zeros(len(mean)) if product is None else product.sum(-1)


def _expected_excess(mean: Tensor, deviation: Tensor, level: Tensor) -> Tensor:
    """Returns E[max(Y - level, 0)] for normal Y; 0 at an infinite level."""
    z = (mean - level) / deviation
    density = (-0.5 * z.square() - 0.5 * math.log(2.0 * math.pi)).exp()
    excess = deviation * (density + z * torch.special.ndtr(z))
    return torch.where(level.isinf(), 0.0, excess).clamp_min(0.0)


def choose_rows(
    beliefs: PoolBeliefs, known: Tensor, is_open: Tensor, count: int, own_deviation: float = 0.0
) -> list[int]:
    """Returns the numbers of up to `count` rows to evaluate next, the most promising first.

    One by one, each as if those before it had come out as believed. Improvements only shrink as the front grows, so
    after a choice the old scores are bounds and only the best of them are computed anew.

    Two rows that the features hardly tell apart are not alike in truth: each has a part of its own, which its
    neighbours say nothing of. Taken for nothing, a row beside a known one promises nothing; taken for something, rows
    near the front are worth a try each.

    Source: M. Minoux, "Accelerated Greedy Algorithms for Maximizing Submodular Set Functions", 1978, for the bounds.

    Args:
        beliefs: given the known rows.
        known: `k`, numbers of the rows that were evaluated.
        is_open: `n`, which rows may be chosen.
        count: how many rows.
        own_deviation: standard deviation of a row's own part, in logarithms of the objectives that are modelled.
    """
    scale, own = GainScale.of(beliefs.mean), own_deviation**2 * beliefs.modelled
    mean, deviation = scale.moments(beliefs.mean, beliefs.variance + own)
    improvement = ExpectedImprovement(mean[known])
    scores = torch.full((len(mean),), -math.inf, dtype=mean.dtype)
    scores[is_open] = 0.0
    worth = (is_open & improvement.may_improve(mean, deviation)).nonzero().squeeze(-1)
    scores[worth] = improvement(mean[worth], deviation[worth])
    bounds, kept = scores.topk(min(KEPT + count, int(is_open.sum())))
    beliefs, mean = beliefs.only(kept), mean[kept]
    chosen: list[int] = []
    while len(chosen) < min(count, len(kept)):
        if chosen:
            beliefs.know(chosen[-1])
            improvement.add(mean[chosen[-1:]])
            rescore(bounds, improvement, mean, scale.moments(beliefs.mean, beliefs.variance + own)[1])
        chosen.append(int(bounds.argmax()))
        bounds[chosen[-1]] = -math.inf
    return kept[chosen].tolist()


def rescore(bounds: Tensor, improvement: Callable[[Tensor, Tensor], Tensor], mean: Tensor, deviation: Tensor) -> None:
    """Lowers the bounds `n` in place until the greatest one is a score.

    Args:
        bounds: of the scores; not positive where there is nothing to score.
        improvement: scores of means and deviations, `k x m` each.
        mean: of the gains, `n x m`.
        deviation: of the gains, `n x m`.
    """
    stale = bounds > 0
    while bool(stale.any()):
        order = torch.where(stale, bounds, -math.inf).topk(min(RESCORED, int(stale.sum()))).indices
        bounds[order] = torch.minimum(bounds[order], improvement(mean[order], deviation[order]))
        stale[order] = False
        best = int(bounds.argmax())
        if not bool(stale[best]):
            return
