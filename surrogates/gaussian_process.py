"""One output's Gaussian process in standardised space: fitted hyperparameters, exact posterior, exact leave-one-out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from surrogates.errors import SurrogateError
from surrogates.hyperparameter_grid import Averaged, average
from surrogates.kernels import TrendKernel, log_prior

SMALLEST_EXTRA_NOISE = 1e-6
"""Floor of the extra noise variance in standardised units; it keeps duplicates well conditioned."""
MOST_ITERATIONS = 50
BOUND = 12.0
"""Log hyperparameters stay within this distance of where they start, so that no step of the optimiser overflows."""
LEAST_GAIN = 2.0
"""Nats of posterior density that hyperparameters of their own for each feature must gain: less is what they gain from
noise. On the published ProTran device tables, refining at 16 rows without a threshold raises errors by a tenth."""
MOST_TO_REFINE = 512
NOISE_LOG_SD = 2.0
CHUNK = 1024
"""Points that are asked about together: their covariances with the rows stay in the processor's cache."""


@dataclass(frozen=True)
class NoisePrior:
    """Normal prior of the log of the extra noise variance, in standardised units.

    Attributes:
        log_mean: its location.
        log_sd: its standard deviation.
    """

    log_mean: float
    log_sd: float


WHOLE_NOISE = NoisePrior(-2.5, 1.25)
"""Where no variance is known. Chosen on the published ProTran device tables (8 to 64 rows), whose noise is unknown."""
REST_OF_NOISE = NoisePrior(-4.5, 2.0)
"""Where variances are known: lower, for they may say it all, and wide, for they may say next to nothing: in the
published HW-GPT-Bench tables the rtx2080's latencies state 0.03 % and scatter by 6 %."""


@dataclass(frozen=True)
class GaussianProcess:
    """A zero-mean Gaussian process conditioned on `n` standardised rows.

    Attributes:
        kernel: the prior covariance with its fitted hyperparameters.
        x: `n x d`, standardised features.
        y: `n`, standardised values.
        known_noise: `n`, known variance of each value.
        extra_noise: variance that the known ones leave out.
        factor: `n x n`, lower Cholesky factor of the covariance of `y`.
        weights: `n`, its inverse times `y`.
    """

    kernel: TrendKernel
    x: Tensor
    y: Tensor
    known_noise: Tensor
    extra_noise: float
    factor: Tensor
    weights: Tensor

    @classmethod
    def condition(
        cls, kernel: TrendKernel, x: Tensor, y: Tensor, known_noise: Tensor, extra_noise: float
    ) -> GaussianProcess:
        """Returns the process given the rows, with the hyperparameters as they are."""
        kernel.requires_grad_(False)
        factor = _factor(kernel.forward(x, x) + (known_noise + extra_noise).diag())
        weights = torch.cholesky_solve(y.unsqueeze(-1), factor).squeeze(-1)
        return cls(kernel, x, y, known_noise, extra_noise, factor, weights)

    def mean_and_variance(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `...` and variance `...` of the noise-free function at `x: ... x d`, differentiable in `x`."""
        parts = [self._moments(part) for part in torch.split(x.reshape(-1, x.shape[-1]), CHUNK)]
        mean, variance = map(torch.cat, zip(*parts, strict=True))
        return mean.reshape(x.shape[:-1]), variance.reshape(x.shape[:-1])

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and variance, `n` each, at `x: n x d`."""
        cross, half = self._whiten(x)
        variance = self.kernel.forward(x, x, diag=True) - half.square().sum(-2)
        return cross @ self.weights, variance.clamp_min(0.0)

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `... x q` and covariance `... x q x q` of the noise-free function at `x: ... x q x d`."""
        cross, half = self._whiten(x)
        return cross @ self.weights, self.kernel.forward(x, x) - half.transpose(-1, -2) @ half

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the posterior covariance `... x n1 x n2` between `first: ... x n1 x d` and `second: ... x n2 x d`."""
        _, half_first = self._whiten(first)
        _, half_second = self._whiten(second)
        return self.kernel.forward(first, second) - half_first.transpose(-1, -2) @ half_second

    def leave_one_out(self) -> tuple[Tensor, Tensor]:
        """Returns mean `n` and variance `n` (noise included) of each row given all the others.

        Source: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 5.12.
        """
        variance = 1.0 / torch.cholesky_inverse(self.factor).diagonal()
        return self.y - self.weights * variance, variance

    def _whiten(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the prior covariances `... x q x n` with the rows, and their whitened transpose `... x n x q`."""
        cross = self.kernel.forward(x, self.x)
        return cross, torch.linalg.solve_triangular(self.factor, cross.transpose(-1, -2), upper=False)


def fit(x: Tensor, y: Tensor, known_noise: Tensor, prior: NoisePrior, faint: Tensor | None = None) -> GaussianProcess:
    """Returns the process with hyperparameters that suit the rows: an average, or better ones where rows insist.

    Args:
        x: `n x d`, standardised features.
        y: `n`, standardised values.
        known_noise: `n`, known variance of each value, standardised.
        prior: what the extra noise is expected to be.
        faint: `d`, whether a column is expected to say little; None means that none is.
    """
    faint = torch.zeros(x.shape[-1], dtype=torch.bool) if faint is None else faint
    if not bool(x.square().sum().isfinite()):
        raise _indefinite()
    best = _refined(average(x, y, known_noise, faint, prior.log_mean, prior.log_sd), x, y, known_noise)
    return GaussianProcess.condition(best.kernel, x, y, known_noise, SMALLEST_EXTRA_NOISE + best.extra_noise)


def _refined(start: Averaged, x: Tensor, y: Tensor, known_noise: Tensor) -> Averaged:
    """Returns the hyperparameters of greatest posterior density around `start`, or `start` where that gains little.

    The search is L-BFGS with a cap on its iterations: a surrogate gains nothing from the last digits. Of many rows at
    most `MOST_TO_REFINE`, evenly spread, are asked.
    """
    asked = torch.arange(0, len(x), math.ceil(len(x) / MOST_TO_REFINE))
    x, y, known_noise = x[asked], y[asked], known_noise[asked]
    kernel, centre = start.kernel, start.kernel.hyperparameters()
    centre_noise = math.log(start.extra_noise)
    log_noise = torch.nn.Parameter(torch.tensor(centre_noise, dtype=x.dtype))
    parameters = [*(parameter for parameter in kernel.parameters() if parameter.requires_grad), log_noise]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        _assign(parameters, flat)
        deviation = (log_noise - centre_noise) / NOISE_LOG_SD
        likelihood = _log_likelihood(kernel, x, y, known_noise + SMALLEST_EXTRA_NOISE + log_noise.exp())
        value = 0.5 * deviation.square() - likelihood - log_prior(kernel, centre)
        gradients = torch.autograd.grad(value, parameters)
        return value.item(), np.concatenate([gradient.reshape(-1).numpy() for gradient in gradients])

    first = np.concatenate([parameter.detach().reshape(-1).numpy() for parameter in parameters])
    bounds = [(number - BOUND, number + BOUND) for number in first]
    options = {"maxiter": MOST_ITERATIONS}
    found = minimize(loss, first, method="L-BFGS-B", jac=True, bounds=bounds, options=options)
    gains = loss(first)[0] - found.fun >= LEAST_GAIN
    _assign(parameters, found.x if gains else first)
    return Averaged(kernel, math.exp(log_noise.item()))


def _log_likelihood(kernel: TrendKernel, x: Tensor, y: Tensor, noise: Tensor) -> Tensor:
    """Returns the log marginal likelihood of the rows, up to a constant.

    Source: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 2.30.
    """
    factor = _factor(kernel.forward(x, x) + noise.diag())
    whitened = torch.linalg.solve_triangular(factor, y.unsqueeze(-1), upper=False)
    likelihood: Tensor = -0.5 * whitened.square().sum() - factor.diagonal().log().sum()
    return likelihood


def _factor(covariance: Tensor) -> Tensor:
    """Returns the lower Cholesky factor, with as little added to the diagonal as makes it exist."""
    size = covariance.diagonal().mean().detach()
    for jitter in (0.0, 1e-10, 1e-8, 1e-6, 1e-4):
        factor: Tensor
        factor, failed = torch.linalg.cholesky_ex(
            covariance + jitter * size * torch.eye(len(covariance), dtype=covariance.dtype)
        )
        if not failed:
            return factor
    raise _indefinite()


def _indefinite() -> SurrogateError:
    return SurrogateError(
        "expected a positive definite covariance of the training rows, got one that no jitter mends; "
        "look for features or values that are huge"
    )


def _assign(parameters: list[torch.nn.Parameter], flat: NDArray[np.float64]) -> None:
    """Copies the flat vector into the parameters."""
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(torch.from_numpy(np.asarray(flat, dtype=np.float64)), parameters)
