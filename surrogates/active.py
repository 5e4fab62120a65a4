"""What to measure next: the points that remove most of the ignorance over a reference sample of the space."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction


class JointVariance(Protocol):
    """How unsure a Gaussian belief about `m` transformed outputs is, jointly over points."""

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the covariance `... x m x n1 x n2` of the noise-free outputs."""

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `... x m` of one measurement at `x: ... x d`."""


class JointBelief(JointVariance, Protocol):
    """The belief itself."""

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d` in the outputs' units."""


def choose(
    belief: JointVariance,
    pool: Tensor,
    reference: Tensor,
    count: int,
    *,
    costs: Tensor | None = None,
    weights: Tensor | None = None,
    noises: Tensor | None = None,
) -> list[int]:
    """Returns the numbers of `count` pool points in the order in which to measure them.

    Greedy: each is the point whose measurement, after those already chosen, removes most variance over the reference
    sample per cost. Chosen points that are near one another would say the same twice, so a batch is diverse by itself.
    A point may be in the pool more than once or be known already: where noise prevails over ignorance, a repeat wins
    by the same criterion. Its noise is that of `repeat_noise` where a part of it stays the same in a repeat.

    Source: D. A. Cohn, "Neural Network Exploration Using Optimal Experiment Design", 1996, has the criterion; S. Seo et
    al., "Gaussian Process Regression: Active Data Selection and Test Point Rejection", IJCNN 2000, its closed form.

    Args:
        belief: a fitted surrogate.
        pool: `n x d`, what can be measured.
        reference: `r x d`, where the belief should become good.
        count: how many points to choose.
        costs: `n`, positive cost of each measurement; None means equal.
        weights: `m`, how much each output's variance counts; None means `balanced_weights`.
        noises: `n x m`, variance of each measurement, infinite where it says nothing; None means the belief's own.

    Raises:
        SurrogateError: the pool is smaller than `count`, or costs or noises are not positive or not one per point.
    """
    costs = torch.ones(len(pool), dtype=torch.float64) if costs is None else costs.double()
    if not 0 < count <= len(pool):
        raise SurrogateError(
            f"expected to choose 1 to {len(pool)} of {len(pool)} points, got {count}; offer a larger pool"
        )
    if costs.shape != (len(pool),) or bool((costs <= 0).any()):
        got = f"shape {tuple(costs.shape)} with a least cost of {float(costs.min()):g}"
        raise SurrogateError(f"expected {len(pool)} positive costs, got {got}")
    with torch.no_grad():
        weights = balanced_weights(belief, reference) if weights is None else weights.double()
        noises = belief.noise(pool) if noises is None else noises
        if noises.shape != (len(pool), len(weights)) or not bool((noises >= 0).all()):
            raise SurrogateError(
                f"expected {len(pool)} x {len(weights)} noises of 0 or more, got shape {tuple(noises.shape)}"
            )
        return _greedy(belief, pool, reference, count, weights.unsqueeze(-1) / costs, noises.T)


def balanced_weights(belief: JointVariance, reference: Tensor) -> Tensor:
    """Returns `m`, the inverse of each output's mean variance over `reference: r x d`.

    With them a step lowers each variance by shares of what is left of it: all outputs are learned at the same pace,
    and one that noise rules does not crowd out one that a few profiles explain. What is lowered is the sum of their
    logarithms, whatever the outputs' units and ranges.
    """
    with torch.no_grad():
        return 1.0 / _variance(belief, reference).mean(-1).clamp_min(torch.finfo(torch.float64).tiny)


def repeat_noise(noise: Tensor, stated: Tensor, counts: Tensor) -> Tensor:
    """Returns the noise, `n x m`, of which one new measurement says as much as a repeat at known points.

    What is believed of a known point is the mean of its measurements. A repeat lowers only the part of its noise that
    a repeat draws anew, as far as measurements state it; what else separates it from the function stays. The formula is
    that of two measurements combined by their precisions, solved for the second one's variance.

    Args:
        noise: `n x m`, variance of a point's mean around the function, all of it.
        stated: `n x m`, the part that repeats draw anew; NaN where unknown: a repeat says nothing then.
        counts: `n`, how many measurements each mean is of.
    """
    lowered = stated.nan_to_num(nan=0.0) / (counts.double().unsqueeze(-1) + 1.0)
    noise = torch.maximum(noise, stated.nan_to_num(nan=0.0))
    return torch.where(lowered > 0, noise * (noise - lowered) / lowered.clamp_min(1e-300), torch.inf)


def _greedy(
    belief: JointVariance, pool: Tensor, reference: Tensor, count: int, worth: Tensor, noise: Tensor
) -> list[int]:
    """Returns what `choose` does, by rank-one updates: linear in the pool, no pool x pool covariance.

    `worth: m x n` is how much a unit of each output's removed variance counts, by a measurement of each point; `noise:
    m x n` is the variance of each measurement.
    """
    variance = _variance(belief, pool)
    to_reference = belief.covariance(reference, pool)  # (m, r, n)
    explained = variance.new_zeros(0, *variance.shape)  # (chosen, m, n): roots of what each chosen point explains
    chosen: list[int] = []
    for _ in range(count):
        gain = (worth * to_reference.square().mean(1) / (variance + noise)).sum(0)
        gain[chosen] = -math.inf
        best = int(gain.argmax())
        size = (variance[:, best] + noise[:, best]).sqrt().unsqueeze(-1)  # (m, 1), infinite where it says nothing
        column = belief.covariance(pool, pool[best : best + 1]).squeeze(-1)  # (m, n)
        root = (column - (explained * explained[..., best : best + 1]).sum(0)) / size
        to_reference = to_reference - (to_reference[..., best] / size).unsqueeze(-1) * root.unsqueeze(1)
        variance = (variance - root.square()).clamp_min(0.0)
        explained = torch.cat([explained, root.unsqueeze(0)])
        chosen.append(best)
    return chosen


def variance_reduction(belief: JointVariance, x: Tensor, reference: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Returns by how much measuring `x: ... x q x d` together would lower the mean variance over `reference: r x d`.

    Differentiable in `x`, so that an optimiser can move points of a relaxed space uphill instead of scoring a pool; `x`
    may come out of a feature map.

    Args:
        belief: a fitted surrogate, differentiable.
        x: `... x q x d`, points to measure together.
        reference: `r x d`, where the belief should become good.
        weights: `m`, as in `choose`; None means `balanced_weights`, without gradients.

    Returns:
        `...`, weighted mean over reference points and sum over outputs; larger is better.
    """
    noise = belief.noise(x).transpose(-1, -2)  # (..., m, q)
    factor: Tensor = torch.linalg.cholesky(belief.covariance(x, x) + torch.diag_embed(noise))
    explained: Tensor = torch.linalg.solve_triangular(factor, belief.covariance(x, reference), upper=False)
    weights = balanced_weights(belief, reference) if weights is None else weights.double()
    return explained.square().sum(-2).mean(-1) @ weights


def expected_relative_error(belief: JointBelief, reference: Tensor, *, of_measurement: bool = False) -> Tensor:
    """Returns `m`, the expected mean absolute relative error of the mean over `reference: r x d`.

    It is right on average, so the error exceeds it half of the time: `surrogates.error_bound` says when to stop.

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


def _variance(belief: JointVariance, x: Tensor) -> Tensor:
    """Returns the variances `m x n` of the noise-free outputs at `x: n x d`."""
    single = x.unsqueeze(1)
    return belief.covariance(single, single).reshape(len(x), -1).T
