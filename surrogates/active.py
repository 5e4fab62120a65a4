"""What to measure next: the points that remove most of the ignorance over a reference sample of the space."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction


class JointBelief(Protocol):
    """A Gaussian belief about `m` transformed outputs, jointly over points."""

    @property
    def scales(self) -> Tensor:
        """`m`, the standard deviation of each transformed output over its training rows."""

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the covariance `... x m x n1 x n2` of the noise-free outputs."""

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `... x m` of one measurement at `x: ... x d`."""

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d` in the outputs' units."""


def choose(
    belief: JointBelief,
    pool: Tensor,
    reference: Tensor,
    count: int,
    *,
    costs: Tensor | None = None,
    weights: Tensor | None = None,
) -> list[int]:
    """Returns the numbers of `count` pool points in the order in which to measure them.

    Greedy: each is the point whose measurement, after those already chosen, removes most variance over the reference
    sample per cost. A point may be in the pool more than once or be known already: where noise prevails over ignorance,
    a repeat wins by itself, and the noise of each measurement is the belief's own.

    Source: D. A. Cohn, "Neural Network Exploration Using Optimal Experiment Design", 1996, has the criterion; S. Seo et
    al., "Gaussian Process Regression: Active Data Selection and Test Point Rejection", IJCNN 2000, its closed form.

    Args:
        belief: a fitted surrogate.
        pool: `n x d`, what can be measured.
        reference: `r x d`, where the belief should become good.
        count: how many points to choose.
        costs: `n`, positive cost of each measurement; None means equal.
        weights: `m`, how much each output's variance counts; None means the inverse of the output's own variance.

    Raises:
        SurrogateError: the pool is smaller than `count`, or costs are not positive.
    """
    costs = torch.ones(len(pool), dtype=torch.float64) if costs is None else costs.double()
    if not 0 < count <= len(pool):
        raise SurrogateError(
            f"expected to choose 1 to {len(pool)} of {len(pool)} points, got {count}; offer a larger pool"
        )
    if costs.shape != (len(pool),) or bool((costs <= 0).any()):
        got = f"shape {tuple(costs.shape)} with a least cost of {float(costs.min()):g}"
        raise SurrogateError(f"expected {len(pool)} positive costs, got {got}")
    weights = _weights(belief, weights)
    with torch.no_grad():
        return _greedy(belief, pool, reference, count, _weights(belief, weights).unsqueeze(-1) / costs)


def _greedy(belief: JointBelief, pool: Tensor, reference: Tensor, count: int, worth: Tensor) -> list[int]:
    """Returns what `choose` does, by rank-one updates: linear in the pool, no pool x pool covariance.

    `worth: m x n` is how much a unit of each output's removed variance counts, by a measurement of each point.
    """
    single = pool.unsqueeze(1)
    variance = belief.covariance(single, single).reshape(len(pool), -1).T  # (m, n)
    noise = belief.noise(pool).T  # (m, n)
    to_reference = belief.covariance(reference, pool)  # (m, r, n)
    explained = variance.new_zeros(0, *variance.shape)  # (chosen, m, n): roots of what each chosen point explains
    chosen: list[int] = []
    for _ in range(count):
        gain = (worth * to_reference.square().mean(1) / (variance + noise)).sum(0)
        gain[chosen] = -math.inf
        best = int(gain.argmax())
        size = (variance[:, best] + noise[:, best]).sqrt().unsqueeze(-1)  # (m, 1)
        column = belief.covariance(pool, pool[best : best + 1]).squeeze(-1)  # (m, n)
        root = (column - (explained * explained[..., best : best + 1]).sum(0)) / size
        to_reference = to_reference - (to_reference[..., best] / size).unsqueeze(-1) * root.unsqueeze(1)
        variance = (variance - root.square()).clamp_min(0.0)
        explained = torch.cat([explained, root.unsqueeze(0)])
        chosen.append(best)
    return chosen


def variance_reduction(belief: JointBelief, x: Tensor, reference: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Returns by how much measuring `x: ... x q x d` together would lower the mean variance over `reference: r x d`.

    Differentiable in `x`, so that an optimiser can move points of a relaxed space uphill instead of scoring a pool; `x`
    may come out of a feature map.

    Args:
        belief: a fitted surrogate, differentiable.
        x: `... x q x d`, points to measure together.
        reference: `r x d`, where the belief should become good.
        weights: `m`, as in `choose`.

    Returns:
        `...`, weighted mean over reference points and sum over outputs; larger is better.
    """
    noise = belief.noise(x).transpose(-1, -2)  # (..., m, q)
    factor: Tensor = torch.linalg.cholesky(belief.covariance(x, x) + torch.diag_embed(noise))
    explained: Tensor = torch.linalg.solve_triangular(factor, belief.covariance(x, reference), upper=False)
    return explained.square().sum(-2).mean(-1) @ _weights(belief, weights)


def expected_relative_error(belief: JointBelief, reference: Tensor, *, of_measurement: bool = False) -> Tensor:
    """Returns `m`, the expected mean absolute relative error of the mean over `reference: r x d`.

    The stop rule of active learning: profile until this meets the target.

    Source: the mean absolute deviation of a normal variable is `sqrt(2 / pi)` standard deviations.

    Args:
        belief: a fitted surrogate.
        reference: `r x d`, a sample of the space.
        of_measurement: compare with one new measurement, noise included, rather than with the true mean.
    """
    with torch.no_grad():
        prediction = belief.predict(reference)
    variance = prediction.total_var if of_measurement else prediction.epistemic_var
    return math.sqrt(2.0 / math.pi) * (variance.sqrt() / prediction.mean.abs()).mean(0)


def _weights(belief: JointBelief, weights: Tensor | None) -> Tensor:
    return 1.0 / belief.scales.square() if weights is None else weights.double()
