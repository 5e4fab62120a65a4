"""What is believed of one output of a new device, from what other devices say and a few rows of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.output_belief import Moments
from surrogates.transforms import OutputTransform

LEVEL_VARIANCE = 4.0
"""Devices differ in speed by orders of magnitude: the level, in natural logarithms, is nearly free."""
SLOPE_SD = 0.5
"""How far the slope on the sources' mean may be from 1: an exponent, 1 where twice the cost takes twice as long."""
CONTRASTS = (0.1, 0.3, 1.0)
"""Tried: standard deviation of what the slope on one source has beyond that on their mean."""
RESIDUALS = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Tried: size of what no source explains, in natural logarithms."""
NOISES = (0.005, 0.015, 0.05, 0.15, 0.45)
"""Tried: standard deviation of the noise that the known variances leave out, in natural logarithms."""
SMOOTHNESS = 2.0
"""Lengthscale of the residual in units of the typical distance `sqrt(2 d)`: few rows only bend what is left gently."""
LEAST_WEIGHT = 0.01
MOST_ROWS = 300
"""More rows of its own than this make no new device; evenly spread ones stand for them."""
STATE = ("x", "answers", "y", "known_noise", "settings", "weights")
TRANSFORM = OutputTransform(log=True, shift=0.0, scale=1.0)


@dataclass(frozen=True)
class TransferBelief:
    """A Gaussian process on log scale whose trend is the sources' answers, averaged over `h` settings.

    The trend is `level + slope . answers`; a priori the slope shares 1 among the sources. The residual is a smooth
    function of the features. Nothing is optimised: each combination of the settings tried counts by its evidence, so
    that ten rows are not asked for a best one.

    Source: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, section 2.7 (explicit
    basis functions with a Gaussian prior), equation 2.30 (evidence), equation 5.12 (leave-one-out).

    Attributes:
        x: `n x k`, standardised features of the rows.
        answers: `n x s`, each source's median at the rows, natural logarithm.
        y: `n`, the rows' values, natural logarithm.
        known_noise: `n`, known variance of `y`, 0 where unknown.
        settings: `h x 3`, contrast, residual and noise of the combinations that count.
        weights: `h`, how much each counts; together 1.
        factor: `h x n x n`, lower Cholesky factors of the rows' covariances.
        coefficients: `h x n`, their inverses times what the rows have beyond the prior mean.
    """

    x: Tensor
    answers: Tensor
    y: Tensor
    known_noise: Tensor
    settings: Tensor
    weights: Tensor
    factor: Tensor
    coefficients: Tensor

    @classmethod
    def fit(cls, x: Tensor, answers: Tensor, y: Tensor, known_noise: Tensor) -> TransferBelief:
        """Returns the belief of rows `x: n x k`, `answers: n x s`, `y: n` and `known_noise: n` (see the attributes)."""
        step = math.ceil(len(x) / MOST_ROWS)
        x, answers, y, known_noise = x[::step], answers[::step], y[::step], known_noise[::step]
        tried = torch.cartesian_prod(*(torch.tensor(grid, dtype=x.dtype) for grid in (CONTRASTS, RESIDUALS, NOISES)))
        whole = cls._condition(x, answers, y, known_noise, tried, torch.ones(len(tried), dtype=x.dtype))
        weights = torch.softmax(whole._log_evidence(), 0)
        counts = weights >= LEAST_WEIGHT * weights.max()
        kept = weights[counts]
        return cls._condition(x, answers, y, known_noise, tried[counts], kept / kept.sum())

    @classmethod
    def _condition(
        cls, x: Tensor, answers: Tensor, y: Tensor, known_noise: Tensor, settings: Tensor, weights: Tensor
    ) -> TransferBelief:
        prior = cls(x, answers, y, known_noise, settings, weights, x.new_empty(0), x.new_empty(0))
        noise = known_noise + settings[:, 2:].square()  # (h, n)
        factor = torch.linalg.cholesky(prior._covariance(x, answers) + torch.diag_embed(noise))
        coefficients = torch.cholesky_solve(prior._surprise.unsqueeze(-1), factor).squeeze(-1)
        return cls(x, answers, y, known_noise, settings, weights, factor, coefficients)

    def log_moments(self, x: Tensor, answers: Tensor, answer_variance: Tensor) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `q` each, of the output's logarithm; differentiable.

        Where the sources disagree in another way than at the rows, the slope's uncertainty makes the epistemic variance
        grow; what the sources themselves do not know is added.

        Args:
            x: `q x k`, standardised features.
            answers: `q x s`, the sources' medians, natural logarithms.
            answer_variance: `q x s`, epistemic variance of the answers.
        """
        cross = self._covariance(x, answers)  # (h, q, n)
        half = torch.linalg.solve_triangular(self.factor, cross.transpose(-1, -2), upper=False)
        means = self._prior_mean(answers) + (cross @ self.coefficients.unsqueeze(-1)).squeeze(-1)  # (h, q)
        variances = (self._prior_variance(x, answers) - half.square().sum(-2)).clamp_min(0.0)
        mean = self.weights @ means
        among = self.weights @ (means - mean).square()
        slopes = self._slopes()
        epistemic = self.weights @ variances + among + answer_variance @ (self.weights @ slopes).square()
        aleatoric = (self.weights @ self.settings[:, 2].square() + self.known_noise.mean()).expand_as(mean)
        return mean, aleatoric, epistemic

    def leave_one_out(self) -> Tensor:
        """Returns the expected logarithm of each row from all the others, `n`."""
        surprise = self.coefficients / torch.cholesky_inverse(self.factor).diagonal(dim1=-2, dim2=-1)
        return self.y - self.weights @ surprise

    def to_state(self) -> dict[str, Tensor]:
        """Returns the tensors from which `from_state` builds an equal belief."""
        return {name: getattr(self, name) for name in STATE}

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor]) -> TransferBelief:
        """Returns the belief that `to_state` described."""
        return cls._condition(*(tensors[name] for name in STATE))

    @property
    def _surprise(self) -> Tensor:
        """`n`: the rows' values less what is expected of them a priori."""
        return self.y - self._prior_mean(self.answers)

    def _prior_mean(self, answers: Tensor) -> Tensor:
        """Returns `q` values: the sources' mean with slope 1, at the level of the rows."""
        return answers.mean(-1) + (self.y - self.answers.mean(-1)).mean()

    def _parts(self, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the mean over the sources, `q x 1`, and each source's difference from it, `q x s`, both centred."""
        centred = answers - self.answers.mean(0)
        mean = centred.mean(-1, keepdim=True)
        return mean, centred - mean

    def _covariance(self, x: Tensor, answers: Tensor) -> Tensor:
        """Returns the prior covariances `h x q x n` with the rows."""
        own_mean, own_rest = self._parts(self.answers)
        mean, rest = self._parts(answers)
        contrast, residual, _ = (column.reshape(-1, 1, 1) for column in self.settings.square().unbind(-1))
        trend = LEVEL_VARIANCE + SLOPE_SD**2 * mean @ own_mean.T
        return trend + contrast * (rest @ own_rest.T) + residual * _smooth(x, self.x)

    def _prior_variance(self, x: Tensor, answers: Tensor) -> Tensor:
        """Returns the prior variances `h x q`."""
        mean, rest = self._parts(answers)
        contrast, residual, _ = (column.unsqueeze(-1) for column in self.settings.square().unbind(-1))
        linear = x.square().sum(-1) / x.shape[-1]
        trend = LEVEL_VARIANCE + SLOPE_SD**2 * mean.square().squeeze(-1)
        return trend + contrast * rest.square().sum(-1) + residual * (1.0 + linear)

    def _slopes(self) -> Tensor:
        """Returns the expected slope on each source, `h x s`."""
        sources = self.answers.shape[-1]
        own_mean, own_rest = self._parts(self.answers)
        common = SLOPE_SD**2 * self.coefficients @ own_mean / sources
        own = self.settings[:, :1].square() * (self.coefficients @ own_rest)
        return 1.0 / sources + common + own

    def _log_evidence(self) -> Tensor:
        """Returns the log evidence of each combination, `h`, up to a constant."""
        return -0.5 * self.coefficients @ self._surprise - self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def _smooth(first: Tensor, second: Tensor) -> Tensor:
    """Returns a linear trend plus a Matern-5/2 covariance, `q x n`, of standardised features.

    Source: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 4.17.
    """
    dimension = first.shape[-1]
    products = first @ second.T
    distance = first.square().sum(-1, keepdim=True) + second.square().sum(-1) - 2.0 * products
    squared = distance.clamp_min(0.0) / (2.0 * dimension * SMOOTHNESS**2)
    scaled = (5.0 * squared + 1e-18).sqrt()  # the root has no gradient at 0
    return (1.0 + scaled + 5.0 / 3.0 * squared) * (-scaled).exp() + products / dimension
