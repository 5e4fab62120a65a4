"""The prior over functions of the Gaussian-process surrogates: a level, a linear trend, smooth deviations."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from gpytorch.constraints import Positive
from gpytorch.kernels import Kernel, MaternKernel
from torch import Tensor

LENGTHSCALE_LOG_SD = 1.3
LINEAR_VARIANCE_LOG_MEAN, LINEAR_VARIANCE_LOG_SD = -2.0, 1.5
SMOOTH_VARIANCE_LOG_MEAN, SMOOTH_VARIANCE_LOG_SD = -1.0, 1.5
LEVEL_VARIANCE = 1.0
"""Prior variance of the level; a fixed Gaussian prior on it integrates the mean out in closed form."""


def lengthscale_log_mean(dimension: int) -> float:
    """Returns the prior's location of `log(lengthscale)`: the typical distance of two standardised points, `sqrt(2 d)`.

    Because the lengthscale grows as distances do, the prior complexity of the function does not depend on the number of
    features: with few rows most features stay nearly unused.

    Source: C. Hvarfner, E. O. Hellsten, L. Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions",
    ICML 2024, for the scaling; location and width of the priors were chosen on the published ProTran device tables at 8
    to 64 rows, where a shorter or wider one overfits 26 features.
    """
    return 0.5 * math.log(2.0 * dimension)


class TrendKernel(Kernel):  # type: ignore[misc]  # gpytorch is untyped
    """Level + linear trend + ARD Matern-5/2, for standardised features and a standardised target.

    Log physics counts explain a log cost almost linearly; the linear part says so with few rows, and the Matern part
    learns what bends. All hyperparameters live on the log scale, where their priors are normal.
    """

    has_lengthscale = False

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension
        positive = Positive(transform=torch.exp, inv_transform=torch.log)
        self.smooth = MaternKernel(nu=2.5, ard_num_dims=dimension, lengthscale_constraint=positive)
        self.log_smooth_variance = torch.nn.Parameter(torch.tensor(SMOOTH_VARIANCE_LOG_MEAN))
        self.log_linear_variance = torch.nn.Parameter(torch.tensor(LINEAR_VARIANCE_LOG_MEAN))
        self.double()
        self.smooth.lengthscale = math.exp(lengthscale_log_mean(dimension))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """Returns the prior covariance `... x n1 x n2` of `x1: ... x n1 x d`, `x2: ... x n2 x d`, or its diagonal."""
        smooth: Tensor = self.log_smooth_variance.exp() * self.smooth.forward(x1, x2, diag=diag, **params)
        products = (x1 * x2).sum(-1) if diag else x1 @ x2.transpose(-1, -2)
        linear = self.log_linear_variance.exp() * products / self.dimension
        return LEVEL_VARIANCE + linear + smooth

    def log_prior(self) -> Tensor:
        """Returns the log density (up to a constant) of the hyperparameters, normal on the log scale."""
        lengthscale: Tensor = self.smooth.raw_lengthscale - lengthscale_log_mean(self.dimension)
        smooth = (self.log_smooth_variance - SMOOTH_VARIANCE_LOG_MEAN) / SMOOTH_VARIANCE_LOG_SD
        linear = (self.log_linear_variance - LINEAR_VARIANCE_LOG_MEAN) / LINEAR_VARIANCE_LOG_SD
        return -0.5 * ((lengthscale / LENGTHSCALE_LOG_SD).square().sum() + smooth.square() + linear.square())

    def hyperparameters(self) -> dict[str, Tensor]:
        """Returns the hyperparameters by name, on the log scale."""
        return {name: parameter.detach().clone() for name, parameter in self.named_parameters()}

    def set_hyperparameters(self, values: Mapping[str, Tensor]) -> None:
        """Sets what `hyperparameters` returned. Raises `KeyError` where one is missing."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(values[name])
