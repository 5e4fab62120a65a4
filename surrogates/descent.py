"""Training of small networks: Adam with a falling rate, in mini-batches where rows are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

BATCH = 256
"""More rows than this are trained on in mini-batches, for `MORE` times as many steps however many they are."""
MORE = 2


def descend(
    weights: Iterable[nn.Parameter], loss: Callable[[Tensor], Tensor], count: int, steps: int, rate: float, seed: int
) -> None:
    """Moves the weights downhill on `loss`; the same seed gives the same weights.

    Source: D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015, arXiv:1412.6980, algorithm 1;
    I. Loshchilov, F. Hutter, "SGDR", 2017, arXiv:1608.03983, equation 5, without restarts, has the falling rate.

    Args:
        weights: what is moved, in place.
        loss: the scalar to lower, from the numbers of the rows to look at.
        count: how many rows there are.
        steps: how often to move, where all rows fit into one batch.
        rate: of the first step.
        seed: of the mini-batches.
    """
    optimiser = torch.optim.Adam(weights, lr=rate, fused=True)
    steps = steps if count <= BATCH else MORE * steps
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    draws = torch.Generator().manual_seed(seed)
    rows = torch.arange(count)
    for _ in range(steps):
        if count > BATCH:
            rows = torch.randint(count, (BATCH,), generator=draws)
        optimiser.zero_grad()
        loss(rows).backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        optimiser.step()
        schedule.step()
