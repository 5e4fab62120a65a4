"""The prior over functions of the Gaussian-process surrogates: a level, a linear trend, smooth deviations."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from gpytorch.constraints import Positive
from gpytorch.kernels import Kernel, MaternKernel
from torch import Tensor

LENGTHSCALE_LOG_SD = 1.3
LINEAR_VARIANCE_LOG_SD = 1.5
SMOOTH_VARIANCE_LOG_SD = 1.5
LEVEL_VARIANCE = 3.0
"""Prior variance of the level; a fixed Gaussian prior on it integrates the mean out in closed form. A standardised
target has a mean of 0 at the training rows, but not where a few rows were not drawn."""


def typical_distance(dimension: int) -> float:
    """Returns the typical distance of two standardised points, `sqrt(2 d)`: the unit of lengthscales.

    Because lengthscales grow as distances do, the prior complexity of the function does not depend on the number of
    features.

    Source: C. Hvarfner, E. O. Hellsten, L. Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions",
    ICML 2024.
    """
    return math.sqrt(2.0 * dimension)


class TrendKernel(Kernel):  # type: ignore[misc]  # gpytorch is untyped
    """Level + linear trend + ARD Matern-5/2, for standardised features and a standardised target.

    Log physics counts explain a log cost almost linearly; the linear part says so with few rows, and the Matern part
    learns what bends. All hyperparameters live on the log scale.

    Args:
        dimension: number of features.
    """

    has_lengthscale = False

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension
        positive = Positive(transform=torch.exp, inv_transform=torch.log)
        self.smooth = MaternKernel(nu=2.5, ard_num_dims=dimension, lengthscale_constraint=positive)
        self.log_smooth_variance = torch.nn.Parameter(torch.tensor(-1.0))
        self.log_linear_variance = torch.nn.Parameter(torch.tensor(0.0))
        self.log_slope_weight = torch.nn.Parameter(torch.zeros(dimension), requires_grad=False)
        self.double()
        self.smooth.lengthscale = typical_distance(dimension)

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """Returns the prior covariance `... x n1 x n2` of `x1: ... x n1 x d`, `x2: ... x n2 x d`, or its diagonal."""
        smooth: Tensor = self.log_smooth_variance.exp() * self.smooth.forward(x1, x2, diag=diag, **params)
        weighted = x1 * (2.0 * self.log_slope_weight).exp()
        products = (weighted * x2).sum(-1) if diag else weighted @ x2.transpose(-1, -2)
        linear = self.log_linear_variance.exp() * products / self.dimension
        return LEVEL_VARIANCE + linear + smooth

    def hyperparameters(self) -> dict[str, Tensor]:
        """Returns the hyperparameters by name, on the log scale."""
        return {name: parameter.detach().clone() for name, parameter in self.named_parameters()}

    def set_hyperparameters(self, values: Mapping[str, Tensor]) -> None:
        """Sets what `hyperparameters` returned. Raises `KeyError` where one is missing."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(values[name])


def log_prior(kernel: TrendKernel, centre: Mapping[str, Tensor]) -> Tensor:
    """Returns the log density (up to a constant) of the kernel's hyperparameters, normal around `centre`.

    Args:
        kernel: its hyperparameters are judged.
        centre: hyperparameters by name, as `TrendKernel.hyperparameters` names them.
    """
    lengthscale = (kernel.smooth.raw_lengthscale - centre["smooth.raw_lengthscale"]) / LENGTHSCALE_LOG_SD
    smooth = (kernel.log_smooth_variance - centre["log_smooth_variance"]) / SMOOTH_VARIANCE_LOG_SD
    linear = (kernel.log_linear_variance - centre["log_linear_variance"]) / LINEAR_VARIANCE_LOG_SD
    density: Tensor = -0.5 * (lengthscale.square().sum() + smooth.square() + linear.square())
    return density
