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
from surrogates.kernels import TrendKernel

SMALLEST_EXTRA_NOISE = 1e-6
"""Floor of the extra noise variance in standardised units; it keeps duplicates well conditioned."""
MOST_ITERATIONS = 50
BOUND = 12.0
"""Log hyperparameters stay within this distance of 0, so that no step of the optimiser overflows."""


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
REST_OF_NOISE = NoisePrior(-3.5, 2.0)
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
        flat = x.reshape(-1, x.shape[-1])
        cross, half = self._whiten(flat)
        variance = self.kernel.forward(flat, flat, diag=True) - half.square().sum(-2)
        return (cross @ self.weights).reshape(x.shape[:-1]), variance.clamp_min(0.0).reshape(x.shape[:-1])

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


def fit(x: Tensor, y: Tensor, known_noise: Tensor, prior: NoisePrior) -> GaussianProcess:
    """Returns the process whose hyperparameters maximise the posterior density given the rows.

    The search is L-BFGS from the prior's location with a cap on its iterations: a surrogate of a few dozen rows gains
    nothing from the last digits.

    Args:
        x: `n x d`, standardised features.
        y: `n`, standardised values.
        known_noise: `n`, known variance of each value, standardised.
        prior: what the extra noise is expected to be.
    """
    kernel = TrendKernel(x.shape[-1])
    log_noise = torch.nn.Parameter(torch.tensor(prior.log_mean, dtype=x.dtype))
    parameters = [*kernel.parameters(), log_noise]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        _assign(parameters, flat)
        deviation = (log_noise - prior.log_mean) / prior.log_sd
        likelihood = _log_likelihood(kernel, x, y, known_noise + SMALLEST_EXTRA_NOISE + log_noise.exp())
        value = 0.5 * deviation.square() - likelihood - kernel.log_prior()
        gradients = torch.autograd.grad(value, parameters)
        return value.item(), np.concatenate([gradient.reshape(-1).numpy() for gradient in gradients])

    start = np.concatenate([parameter.detach().reshape(-1).numpy() for parameter in parameters])
    bounds = [(-BOUND, BOUND)] * start.size
    _assign(
        parameters,
        minimize(loss, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": MOST_ITERATIONS}).x,
    )
    return GaussianProcess.condition(kernel, x, y, known_noise, SMALLEST_EXTRA_NOISE + math.exp(log_noise.item()))


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
    raise SurrogateError(
        "expected a positive definite covariance of the training rows, got one that no jitter mends; "
        "look for features or values that are huge"
    )


def _assign(parameters: list[torch.nn.Parameter], flat: NDArray[np.float64]) -> None:
    """Copies the flat vector into the parameters."""
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(torch.from_numpy(np.asarray(flat, dtype=np.float64)), parameters)
