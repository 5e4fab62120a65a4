"""A running average of weights: scored instead of the newest ones, because it is steadier and as good or better."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class AveragedWeights:
    """Exponential moving average of a model's parameters.

    Source: B. Polyak and A. Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992); the exponential
    form as commonly used. The first steps are averaged evenly, so that the initial weights leave no trace.

    Args:
        model: the model that is being trained.
        newest: share of the newest weights in the average at each step.
    """

    def __init__(self, model: nn.Module, newest: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._newest = newest
        self._source: list[Tensor] = [*model.parameters()]
        self._target: list[Tensor] = [*self.model.parameters()]
        self._kept = [tensor.clone() for tensor in self._target]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes in the weights after the optimiser's step number `step` (from 0)."""
        torch._foreach_lerp_(self._target, self._source, max(self._newest, 1.0 / (step + 1)))

    @torch.no_grad()
    def keep(self) -> None:
        """Remembers the average as the best so far."""
        torch._foreach_copy_(self._kept, self._target)

    @torch.no_grad()
    def restore_kept(self) -> None:
        """Puts the remembered average back."""
        torch._foreach_copy_(self._target, self._kept)
