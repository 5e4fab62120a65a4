"""Gradient ascent inside the unit cube, many starts at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

DECAY = (0.9, 0.99)
"""Memory of Adam's mean and square: short, for a few dozen steps."""


def ascend(value: Callable[[Tensor], Tensor], starts: Tensor, *, steps: int, rate: float) -> Tensor:
    """Returns the best point that each start came by, `n x d`.

    Adam with projection onto the cube and a rate that falls to a tenth along a cosine. The points do not influence each
    other: each follows the gradient of its own value.

    Args:
        value: maps `n x d` in the cube to `n`, differentiable.
        starts: `n x d`.
        steps: gradient steps.
        rate: first step size, in edges of the cube.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (ICLR 2015).
    """
    if len(starts) == 0:
        return starts
    z = starts.detach().clone().requires_grad_(True)
    best, best_value = starts.detach().clone(), torch.full((len(starts),), -torch.inf, dtype=starts.dtype)
    optimiser = torch.optim.Adam([z], lr=rate, betas=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=max(steps, 1), eta_min=rate / 10)
    for step in range(steps + 1):
        values = value(z)
        better = values.detach() > best_value
        best[better], best_value[better] = z.detach()[better], values.detach()[better]
        if step == steps:
            break
        (gradient,) = torch.autograd.grad(-values.sum(), z)
        z.grad = gradient.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            z.clamp_(0.0, 1.0)
    return best
