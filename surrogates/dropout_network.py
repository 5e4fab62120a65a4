"""A teacher whose random dropout shows what it does not know, and a student that states it without sampling."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from surrogates.descent import descend

WIDTHS = (64, 32)
DROPOUT = 0.3
STEPS = 200
RATE = 0.01
PRIOR = 3e-6
"""Strength of the pull of the teacher's weights to zero, beside the squared error of one row."""
DRAWS = 100
"""How many random networks the teacher's spread is judged on."""
BETWEEN = 128
"""How many points beside the rows the student learns the spread at."""
MARGIN = 0.5
"""How far these reach beyond the rows, in standard deviations of the features."""
SMALLEST_SPREAD = 1e-9
"""A teacher that varies less says the same everywhere."""

Masks = tuple[Tensor, Tensor]


class TwoLayers(nn.Module):
    """A network of two hidden layers of softplus and a sigmoid answer between 0 and 1, in float64.

    Args:
        width: number of features `k`.
        seed: of the first weights.
    """

    def __init__(self, width: int, seed: int = 0) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(seed)
        sizes = (width, *WIDTHS, 1)

        def weight(inputs: int, outputs: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(inputs, outputs, generator=draws, dtype=torch.float64) / math.sqrt(inputs))

        self.weights = nn.ParameterList([weight(*pair) for pair in pairwise(sizes)])
        self.biases = nn.ParameterList([torch.zeros(size, dtype=torch.float64) for size in sizes[1:]])

    def forward(self, x: Tensor, masks: Masks | None = None) -> Tensor:
        """Returns the answer `...` at standardised `x: ... x k`; masks, if there are any, multiply the hidden units."""
        for layer in range(len(WIDTHS)):
            x = softplus(x @ self.weights[layer] + self.biases[layer])
            if masks is not None:
                x = x * masks[layer]
        return torch.sigmoid(x @ self.weights[-1] + self.biases[-1])[..., 0]


def masks(*shape: int, draws: torch.Generator) -> Masks:
    """Returns masks `... x 64` and `... x 32` that drop each unit with probability .3 and lift the rest to make up."""
    kept = [torch.rand(*shape, width, generator=draws, dtype=torch.float64) >= DROPOUT for width in WIDTHS]
    return kept[0] / (1.0 - DROPOUT), kept[1] / (1.0 - DROPOUT)


def teach(x: Tensor, target: Tensor, seed: int) -> TwoLayers:
    """Returns a teacher of `target: n`, between 0 and 1, at standardised `x: n x k`, trained under dropout.

    Source: Y. Gal, Z. Ghahramani, "Dropout as a Bayesian Approximation", 2016, arXiv:1506.02142, the objective.
    """
    teacher = TwoLayers(x.shape[-1], seed)
    draws = torch.Generator().manual_seed(seed)

    def loss(rows: Tensor) -> Tensor:
        answer: Tensor = teacher(x[rows], masks(len(rows), draws=draws))
        pull = torch.stack([len(weight) * weight.square().sum() for weight in teacher.weights]).sum()
        return (answer - target[rows]).square().mean() + PRIOR / len(x) * pull

    descend(teacher.parameters(), loss, len(x), STEPS, RATE, seed)
    return teacher.requires_grad_(False)


@torch.no_grad()
def spread(teacher: TwoLayers, x: Tensor, seed: int) -> Tensor:
    """Returns the standard deviation `n` of the teacher's answers at `x: n x k` under `DRAWS` random masks.

    The same masks serve all points, so that the deviation is smooth in `x`.
    """
    answers: Tensor = teacher(x, masks(DRAWS, 1, draws=torch.Generator().manual_seed(seed)))
    return answers.std(0)


def learn_spread(teacher: TwoLayers, x: Tensor, seed: int) -> TwoLayers:
    """Returns a student whose answer is the teacher's spread over twice its maximum, at and about the rows `x: n x k`.

    The teacher can be asked anywhere, so the student learns at random points between and around the rows too.

    Source: S. Tuli et al., "FlexiBERT", 2022, arXiv:2205.11656, the student network of the surrogate.
    """
    draws = torch.Generator().manual_seed(seed)
    rows = x[torch.randperm(len(x), generator=draws)[:BETWEEN]]
    low, high = x.min(0).values - MARGIN, x.max(0).values + MARGIN
    between = low + (high - low) * torch.rand(BETWEEN, x.shape[-1], generator=draws, dtype=torch.float64)
    points = torch.cat([rows, between])
    target = spread(teacher, points, seed)
    target = 0.5 * target / target.max().clamp_min(SMALLEST_SPREAD)
    student = TwoLayers(x.shape[-1], seed)

    def loss(rows: Tensor) -> Tensor:
        answer: Tensor = student(points[rows])
        return (answer - target[rows]).square().mean()

    descend(student.parameters(), loss, len(points), STEPS, RATE, seed)
    return student.requires_grad_(False)
