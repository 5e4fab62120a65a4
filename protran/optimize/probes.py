"""Whom to profile and not to train: the next-best of a proposal, of whose hardware a profile would tell something."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import torch
from torch import Tensor

from protran.optimize.beliefs import Beliefs
from protran.optimize.measured import Measured
from protran.optimize.repeats import QUIET
from protran.optimize.state import Knowledge

SURELY = 0.95
"""Probability with which a candidate costs more than an optimist believes."""


def next_best(scores: Callable[[], Tensor], doubtful: Tensor, take: Callable[[int], None], count: int) -> list[int]:
    """Returns up to `count` places of the largest scores, one after the other.

    Args:
        scores: returns the scores `n` of the pool, given what was taken.
        doubtful: which of the pool may be taken, `n`.
        take: takes a place for chosen, so that the next one differs from it.
        count: how many.
    """
    free = doubtful.clone()
    found: list[int] = []
    while len(found) < count and bool(free.any()):
        place = int(scores().masked_fill(~free, -torch.inf).argmax())
        found.append(place)
        free[place] = False
        take(place)
    return found


def doubtful_hardware(beliefs: Beliefs, rows: Tensor) -> Tensor:
    """Returns of which `rows: n x (f + 1 + e)` some hardware is known worse than a profile would tell it, `n`."""
    columns = [j for j, objective in enumerate(beliefs.objectives) if objective.knowledge is Knowledge.HARDWARE]
    if not columns:
        return torch.zeros(len(rows), dtype=torch.bool)
    return beliefs.doubt(rows)[:, columns].amax(-1) > QUIET**2


def least_costs(beliefs: Beliefs, rows: Tensor, measured: Measured) -> list[dict[str, float]]:
    """Returns of each of `rows` what it costs at least with a probability of `SURELY`, by objective, but for scores.

    Args:
        beliefs: of all objectives.
        rows: `n x (f + 1 + e)`.
        measured: what was measured of them, which stands before the belief.
    """
    mean, variance = measured.over(beliefs.mean(rows), beliefs.doubt(rows))
    scaled = mean - NormalDist().inv_cdf(SURELY) * variance.sqrt()
    costs = [(j, item) for j, item in enumerate(beliefs.objectives) if item.knowledge is not Knowledge.SCORE]
    return [{item.name: float(item.scale.backward(row[j])) for j, item in costs} for row in scaled]
