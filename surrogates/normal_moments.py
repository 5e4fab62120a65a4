"""Mean and variance of a normal variable after an activation function, in closed form.

Source: H. Wang, X. Shi, D.-Y. Yeung, "Natural-Parameter Networks: A Class of Probabilistic Neural Networks", NeurIPS
2016, arXiv:1611.00448, the Gaussian case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import softplus

PROBIT = math.pi / 8
"""Square of the factor by which a normal distribution function is stretched to look like a logistic one."""

Normal = tuple[Tensor, Tensor]
"""Mean and variance, of one shape."""


def sigmoid_moments(mean: Tensor, variance: Tensor) -> Normal:
    """Returns about the mean and variance of `sigmoid(a)` for normal `a` with these moments, any shape.

    The mean is the published one. The published variance is .013 for an `a` of mean 0 that does not vary at all, too
    much for quiet outputs, so it is replaced by the first terms of `sum over k >= 1 of variance^k / k! E[f^(k)(a)]^2`,
    in which each `E[f^(k)(a)]` is the k-th derivative of the mean.

    Source: Wang et al. (above) have the mean, which is that of D. J. C. MacKay, "The Evidence Framework
    Applied to Classification Networks", Neural Computation 4, 1992; C. Houdré, A. Kagan, "Variance Inequalities for
    Functions of Gaussian Variables", Journal of Theoretical Probability 8, 1995, the series.
    """
    stretch = (1.0 + PROBIT * variance).sqrt()
    expected = torch.sigmoid(mean / stretch)
    slope = expected * (1.0 - expected)
    derivatives = (
        slope / stretch,
        slope * (1.0 - 2.0 * expected) / stretch**2,
        slope * (1.0 - 6.0 * slope) / stretch**3,
    )
    return expected, _series(variance, derivatives)


def softplus_moments(mean: Tensor, variance: Tensor) -> Normal:
    """Returns about the mean and variance of `log(1 + exp(a))` for normal `a` with these moments, any shape.

    The derivative of softplus is the sigmoid, so the integral of the sigmoid's mean over `mean`, which is
    `stretch * softplus(mean / stretch)`, is softplus's mean. The variance is the series of `sigmoid_moments`.
    """
    stretch = (1.0 + PROBIT * variance).sqrt()
    slope = torch.sigmoid(mean / stretch)
    curvature = slope * (1.0 - slope) / stretch
    return stretch * softplus(mean / stretch), _series(variance, (slope, curvature))


def _series(variance: Tensor, derivatives: Sequence[Tensor]) -> Tensor:
    rest = torch.zeros(())
    for order in range(len(derivatives), 0, -1):
        rest = variance / order * (derivatives[order - 1].square() + rest)
    return rest
