"""The acquisition: how much one more candidate is expected to add to what is known and to what was chosen already.

Up to four objectives it is the log of the noisy expected hypervolume improvement: the front is drawn several times from
the joint belief about known and pending candidates (so that a lucky measurement is no front), and given each draw the
expected improvement of a candidate is summed over the boxes of the non-dominated region in closed form. More
objectives, where boxes explode, or a single one: log expected improvement of a random augmented Chebyshev
scalarisation.

Everything is differentiable, single-threaded and free of global randomness; batches are built one by one, with the
chosen candidates pending.

Sources: Daulton, Balandat, Bakshy, "Parallel Bayesian Optimization of Multiple Noisy Objectives with Expected
Hypervolume Improvement" (NeurIPS 2021); Ament et al. (NeurIPS 2023, see `improvement.py`); Yang et al., "Efficient
Computation of Expected Hypervolume Improvement Using Box Decomposition Algorithms" (Journal of Global Optimization
75(1), 2019); Knowles, "ParEGO" (IEEE Transactions on Evolutionary Computation 10(1), 2006).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from torch import Tensor

from protran.optimize.beliefs import Beliefs
from protran.optimize.cholesky import cholesky_factor
from protran.optimize.improvement import log_expected_excess, log_expected_part
from protran.optimize.measured import Measured
from protran.optimize.target import Target

MOST_OBJECTIVES_BY_HYPERVOLUME = 4
CHUNK = 128  # points at once: memory grows with points x draws x boxes
BEYOND = 1e2  # stands for an infinite gain: a hundred times the range of the front
AUGMENTATION = 0.05
"""Weight of the sum beside the worst gain. Source: Knowles (2006)."""
SCALARISED_DRAWS = 64


class Acquisition(ABC):
    """Scores input rows; larger is better."""

    @abstractmethod
    def __call__(self, rows: Tensor, measured: Measured | None = None) -> Tensor:
        """Returns the log acquisition `n` at `rows: n x (f + 1 + e)`, differentiable.

        Args:
            rows: where.
            measured: what was measured of these rows, which stands before the belief; None for nothing.
        """

    @abstractmethod
    def add_pending(self, rows: Tensor) -> None:
        """Takes candidates, `p x (f + 1 + e)`, for known from now on, without knowing their values."""

    def score(self, rows: Tensor, measured: Measured | None = None) -> Tensor:
        """Returns the same without gradients, in chunks."""
        if len(rows) == 0:
            return rows.new_zeros(0)
        with torch.no_grad():
            chunks = [slice(first, first + CHUNK) for first in range(0, len(rows), CHUNK)]
            return torch.cat([self(rows[some], None if measured is None else measured[some]) for some in chunks])


def make_acquisition(
    beliefs: Beliefs, target: Target, known: Tensor, generator: np.random.Generator, draws: int = 8
) -> Acquisition:
    """Returns the acquisition that suits the number of objectives.

    Args:
        beliefs: the joint belief.
        target: what counts as better.
        known: rows `n x (f + 1 + e)` of known and pending candidates, n >= 1.
        generator: draws the fronts, or the weights of the scalarisation; used up by the acquisition.
        draws: how many fronts; even.
    """
    if 1 < len(beliefs.objectives) <= MOST_OBJECTIVES_BY_HYPERVOLUME:
        return HypervolumeAcquisition(beliefs, target, known, generator, draws)
    return ChebyshevAcquisition(beliefs, target, known, generator)


class Conditioned:
    """The belief, given values of the objectives at some rows.

    Args:
        beliefs: the joint belief.
        known: rows `n x (f + 1 + e)`.
    """

    def __init__(self, beliefs: Beliefs, known: Tensor) -> None:
        self._beliefs = beliefs
        self._known = known
        with torch.no_grad():
            self.mean, covariance = beliefs.joint(known)  # (m, n), (m, n, n)
        self._factor = cholesky_factor(covariance)

    def draw(self, normal: Tensor) -> Tensor:
        """Returns joint draws `s x n x m` of the objectives at the known rows, from standard normal `s x m x n`."""
        drawn: Tensor = self.mean + torch.einsum("mij,smj->smi", self._factor, normal)
        return drawn.transpose(-1, -2)

    def moments(self, rows: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means `s x b x m` and variances `b x m` at `rows: b x (f + 1 + e)`, given each draw's values."""
        mean, variance = self._beliefs.moments(rows)
        cross = self._beliefs.covariance(self._known, rows)  # (m, n, b)
        half = torch.linalg.solve_triangular(self._factor, cross, upper=False)
        shift = torch.einsum("mnb,smn->sbm", half, normal)
        return mean + shift, (variance - half.square().sum(-2).T).clamp_min(0.0)


class HypervolumeAcquisition(Acquisition):
    """Log noisy expected hypervolume improvement of one more candidate; see the module."""

    def __init__(
        self, beliefs: Beliefs, target: Target, known: Tensor, generator: np.random.Generator, draws: int
    ) -> None:
        self._beliefs = beliefs
        self._target = target
        self._generator = generator
        count = len(beliefs.objectives)
        self._known = known[:0]
        self._normal = known.new_zeros(draws, count, 0)
        nought = known.new_zeros(count)
        self._fronts = [
            FastNondominatedPartitioning(ref_point=nought, Y=known.new_zeros(0, count)) for _ in range(draws)
        ]
        self.add_pending(known)

    def add_pending(self, rows: Tensor) -> None:
        """Draws the objectives of more rows, jointly with those drawn before, and takes them into each draw's front."""
        draws, count, _ = self._normal.shape
        half = torch.as_tensor(self._generator.standard_normal((draws // 2, count, len(rows))))
        # antithetic pairs: the mean over the draws is exact. A Cholesky factor grows at its end: earlier draws stay
        self._normal = torch.cat([self._normal, torch.cat([half, -half])], dim=-1)
        self._known = torch.cat([self._known, rows])
        self._belief = Conditioned(self._beliefs, self._known)
        gains = self._target.gain(self._belief.draw(self._normal)[:, -len(rows) :])
        for front, drawn in zip(self._fronts, gains, strict=True):
            front.update(drawn[(drawn >= self._target.floors).all(-1)])
        boxes = [front.get_hypercell_bounds() for front in self._fronts]  # each (2, c, m)
        self._draw = torch.cat([torch.full((box.shape[1],), s) for s, box in enumerate(boxes)])
        self._lower, self._upper = torch.cat(boxes, dim=1).clamp_max(BEYOND)

    def __call__(self, rows: Tensor, measured: Measured | None = None) -> Tensor:
        """Returns the log acquisition `n` at `rows: n x (f + 1 + e)`, differentiable."""
        mean, variance = self._belief.moments(rows, self._normal)
        if measured is not None:
            mean, variance = measured.over(mean, variance)
        mean, deviation = self._target.gain_moments(mean, variance.expand(mean.shape))  # (s, b, m)
        mean, deviation = mean[self._draw], deviation[self._draw]  # (c, b, m)
        lower, upper = self._lower.unsqueeze(1), self._upper.unsqueeze(1)
        filled = log_expected_part(mean, deviation, lower, upper).sum(-1)  # (c, b)
        improvement = filled.logsumexp(0) - math.log(len(self._normal))
        return improvement + log_probability_of_keeping(self._beliefs, self._target, rows, measured)


class ChebyshevAcquisition(Acquisition):
    """Log expected improvement of one random weighting of the gains over the best that is known.

    The scalarised gain is treated as normal, with the moments of draws from the belief: exact for one objective.
    """

    def __init__(self, beliefs: Beliefs, target: Target, known: Tensor, generator: np.random.Generator) -> None:
        self._beliefs = beliefs
        self._target = target
        count = len(beliefs.objectives)
        half = torch.as_tensor(generator.standard_normal((SCALARISED_DRAWS // 2, 1, count)))
        half = half / half.square().mean(0).sqrt()
        self._normal = torch.cat([half, -half])
        self._generator = generator
        self._known = known[:0]
        self.add_pending(known)

    def add_pending(self, rows: Tensor) -> None:
        """Believes that the rows will turn out as expected, and draws new weights."""
        count = len(self._beliefs.objectives)
        self._weights = torch.as_tensor(self._generator.dirichlet(np.ones(count)))
        self._known = torch.cat([self._known, rows])
        self._belief = Conditioned(self._beliefs, self._known)
        self._still = rows.new_zeros(1, count, len(self._known))
        expected = self._belief.mean.T
        values, kept = self._scalarise(self._target.gain(expected)), self._target.excess(expected) <= 0
        self._best = values[kept].max() if bool(kept.any()) else values.min() - 1.0

    def __call__(self, rows: Tensor, measured: Measured | None = None) -> Tensor:
        """Returns the log acquisition `n` at `rows: n x (f + 1 + e)`, differentiable."""
        mean, variance = self._belief.moments(rows, self._still)
        if measured is not None:
            mean, variance = measured.over(mean, variance)
        mean, deviation = self._target.gain_moments(mean[0], variance)
        drawn = self._scalarise(mean + deviation * self._normal)  # (s, b)
        spread = drawn.var(0, unbiased=False).clamp_min(1e-12).sqrt()
        improvement = log_expected_excess(drawn.mean(0), spread, self._best)
        return improvement + log_probability_of_keeping(self._beliefs, self._target, rows, measured)

    def _scalarise(self, gains: Tensor) -> Tensor:
        weighted = self._weights * gains
        return weighted.amin(-1) + AUGMENTATION * weighted.sum(-1)


def log_probability_of_keeping(
    beliefs: Beliefs, target: Target, rows: Tensor, measured: Measured | None = None
) -> Tensor:
    """Returns the log probability `n` that the rows keep all budgets, taken as independent."""
    held = torch.isfinite(target.floors)
    if not bool(held.any()):
        return rows.new_zeros(len(rows))
    moments = beliefs.moments(rows)
    mean, deviation = target.gain_moments(*(moments if measured is None else measured.over(*moments)))
    probability: Tensor = torch.special.log_ndtr((mean[:, held] - target.floors[held]) / deviation[:, held])
    return probability.sum(-1)
