"""Gradient ascent inside the unit cube, many starts at once, each in its own trust region."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

MEAN_DECAY, SQUARE_DECAY = 0.9, 0.99
"""Memory of Adam's two averages: shorter than usual, for a few dozen steps."""
LEAST_RATE = 0.1
"""Share of the rate that is left at the end."""
DIFFERENCE = 1e-4
"""Step of the difference of gradients, in edges of the cube."""


def ascend(
    value: Callable[[Tensor], Tensor],
    starts: Tensor,
    *,
    steps: int,
    rate: float,
    radius: float = 1.0,
    second_order: bool = False,
    seed: int = 0,
) -> Tensor:
    """Returns the best point that each start came by, `n x d`.

    A rate falls to a tenth along a cosine; steps end at the faces of the cube and of the start's trust region. The
    points do not influence each other: each follows the gradient of its own value.

    Args:
        value: maps `n x d` in the cube to `n`, differentiable.
        starts: `n x d`.
        steps: gradient steps.
        rate: first step size, in edges of the cube.
        radius: half of the edge of the box around its start that no point leaves; 1 is the whole cube.
        second_order: divide by the Hessian's diagonal rather than by the size of the gradients, as BOSHNAS does. A step
            costs twice as much.
        seed: of the estimates of the Hessian.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (ICLR 2015), written out because importing
    `torch.optim`'s costs three seconds; Eriksson et al., "Scalable Global Optimization via Local Bayesian Optimization"
    (NeurIPS 2019) for boxes as trust regions; Yao et al., "ADAHESSIAN: An Adaptive Second Order Optimizer for Machine
    Learning" (arXiv:2006.00719) for the second order.
    """
    if len(starts) == 0:
        return starts
    low, high = (starts.detach() - radius).clamp_min(0.0), (starts.detach() + radius).clamp_max(1.0)
    z = starts.detach().clone().requires_grad_(True)
    steepest: _Steps = _SecondOrder(value, z, seed) if second_order else _FirstOrder(z)
    best, best_value = z.detach().clone(), torch.full((len(z),), -torch.inf, dtype=z.dtype)
    for step in range(steps + 1):
        values = value(z)
        better = values.detach() > best_value
        best[better], best_value[better] = z.detach()[better], values.detach()[better]
        if step == steps:
            break
        cosine = 0.5 * (1.0 + math.cos(math.pi * step / steps))
        move = steepest.move(values, rate * (LEAST_RATE + (1.0 - LEAST_RATE) * cosine))
        with torch.no_grad():
            z.copy_((z + move).clamp(low, high))
    return best


class _Steps(Protocol):
    def move(self, values: Tensor, rate: float) -> Tensor:
        """Returns where to go from here, `n x d`, given the values `n` here."""


class _FirstOrder:
    """Adam: the mean gradient over the root of the mean squared one."""

    def __init__(self, z: Tensor) -> None:
        self._z = z
        self._mean, self._square = torch.zeros_like(z), torch.zeros_like(z)
        self._steps = 0

    def move(self, values: Tensor, rate: float) -> Tensor:
        gradient = _gradient(values, self._z)
        self._steps += 1
        self._mean = MEAN_DECAY * self._mean + (1.0 - MEAN_DECAY) * gradient
        self._square = SQUARE_DECAY * self._square + (1.0 - SQUARE_DECAY) * gradient.square()
        direction = self._mean / (1.0 - MEAN_DECAY**self._steps)
        scale = (self._square / (1.0 - SQUARE_DECAY**self._steps)).sqrt() + 1e-12
        return (rate * direction / scale).detach()


class _SecondOrder:
    """AdaHessian: a share of a Newton step, in no coordinate longer than the rate.

    The product of the Hessian with random signs is a difference of two gradients: kernels have no second derivative.
    """

    def __init__(self, value: Callable[[Tensor], Tensor], z: Tensor, seed: int) -> None:
        self._value, self._z = value, z
        self._draws = torch.Generator().manual_seed(seed)
        self._mean, self._square = torch.zeros_like(z), torch.zeros_like(z)
        self._steps = 0

    def move(self, values: Tensor, rate: float) -> Tensor:
        gradient = _gradient(values, self._z)
        signs = torch.randint(2, self._z.shape, generator=self._draws).to(self._z.dtype) * 2.0 - 1.0
        aside = (self._z.detach() + DIFFERENCE * signs).requires_grad_(True)
        curvature = signs * (_gradient(self._value(aside), aside) - gradient) / DIFFERENCE
        self._steps += 1
        self._mean.lerp_(gradient, 1.0 - MEAN_DECAY)
        self._square.lerp_(curvature.square(), 1.0 - SQUARE_DECAY)
        slope = self._mean / (1.0 - MEAN_DECAY**self._steps)
        size = (self._square / (1.0 - SQUARE_DECAY**self._steps)).sqrt()
        return (slope / (size + 1e-12)).clamp(-rate, rate)


def _gradient(values: Tensor, z: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(values.sum(), z)
    return gradient.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
