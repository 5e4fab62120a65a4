"""Closed forms of expected improvement for normal variables, in logarithms that never underflow.

An acquisition that underflows to zero has no gradient to climb. All functions are elementwise and differentiable.

Source: Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (NeurIPS 2023),
equations 9 and 14.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_FAR = -1.0  # below it, the direct formula loses digits by cancellation
_VERY_FAR = -1e5  # below it, doubles no longer tell erfcx's correction from 1
_LOG_SQRT_TAU = 0.5 * math.log(2.0 * math.pi)


def log_expected_excess(mean: Tensor, deviation: Tensor, level: Tensor) -> Tensor:
    """Returns the logarithm of E[max(Y - level, 0)] for Y normal with `mean` and `deviation` > 0."""
    return deviation.log() + _log_h((mean - level) / deviation)


def log_expected_part(mean: Tensor, deviation: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Returns the logarithm of E[max(min(Y, upper) - lower, 0)], how much of an interval Y is expected to fill.

    Args:
        mean: of Y.
        deviation: of Y, > 0.
        lower: end of the interval.
        upper: its other end, > `lower`.
    """
    above_lower = log_expected_excess(mean, deviation, lower)
    above_upper = log_expected_excess(mean, deviation, upper)
    return above_lower + _log1mexp((above_lower - above_upper).clamp_min(1e-12))


def _log_h(z: Tensor) -> Tensor:
    """Returns log(phi(z) + z Phi(z)), phi and Phi density and distribution of the standard normal."""
    near = z.clamp_min(_FAR)
    density = (-0.5 * near.square() - _LOG_SQRT_TAU).exp()
    direct = (density + near * torch.special.ndtr(near)).log()
    far = z.clamp(_VERY_FAR, _FAR)
    mills = math.sqrt(math.pi / 2.0) * torch.special.erfcx(-far / math.sqrt(2.0)) * far.abs()
    tail = -0.5 * far.square() - _LOG_SQRT_TAU + torch.log1p(-mills)
    very_far = z.clamp_max(_VERY_FAR)
    limit = -0.5 * very_far.square() - _LOG_SQRT_TAU - 2.0 * very_far.abs().log()
    return torch.where(z > _FAR, direct, torch.where(z > _VERY_FAR, tail, limit))


def _log1mexp(x: Tensor) -> Tensor:
    """Returns log(1 - exp(-x)) for x > 0 without loss of digits.

    Source: Mächler, "Accurately Computing log(1 - exp(-|a|))" (2012).
    """
    return torch.where(x < math.log(2.0), (-torch.expm1(-x)).log(), torch.log1p(-(-x).exp()))
