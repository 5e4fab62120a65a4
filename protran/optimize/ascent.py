"""Gradient ascent inside the unit cube, many starts at once."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

MEAN_DECAY, SQUARE_DECAY = 0.9, 0.99
"""Memory of Adam's two averages: shorter than usual, for a few dozen steps."""
LEAST_RATE = 0.1
"""Share of the rate that is left at the end."""


def ascend(value: Callable[[Tensor], Tensor], starts: Tensor, *, steps: int, rate: float) -> Tensor:
    """Returns the best point that each start came by, `n x d`.

    Adam with projection onto the cube and a rate that falls to a tenth along a cosine. The points do not influence each
    other: each follows the gradient of its own value.

    Args:
        value: maps `n x d` in the cube to `n`, differentiable.
        starts: `n x d`.
        steps: gradient steps.
        rate: first step size, in edges of the cube.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (ICLR 2015). Written out because importing
    `torch.optim`'s costs three seconds.
    """
    if len(starts) == 0:
        return starts
    z = starts.detach().clone()
    best, best_value = z.clone(), torch.full((len(z),), -torch.inf, dtype=z.dtype)
    mean, square = torch.zeros_like(z), torch.zeros_like(z)
    for step in range(steps + 1):
        leaf = z.requires_grad_(True)
        values = value(leaf)
        z = leaf.detach()
        better = values.detach() > best_value
        best[better], best_value[better] = z[better], values.detach()[better]
        if step == steps:
            break
        (gradient,) = torch.autograd.grad(values.sum(), leaf)
        gradient = gradient.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
        mean = MEAN_DECAY * mean + (1.0 - MEAN_DECAY) * gradient
        square = SQUARE_DECAY * square + (1.0 - SQUARE_DECAY) * gradient.square()
        direction = mean / (1.0 - MEAN_DECAY ** (step + 1))
        scale = (square / (1.0 - SQUARE_DECAY ** (step + 1))).sqrt() + 1e-12
        cosine = 0.5 * (1.0 + math.cos(math.pi * step / steps))
        z = (z + rate * (LEAST_RATE + (1.0 - LEAST_RATE) * cosine) * direction / scale).clamp(0.0, 1.0)
    return best
