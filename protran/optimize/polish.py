"""The discrete polish: hill climbing by one-gene changes from the best candidates of a pool."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from protran.optimize.pool import Pool
from search_spaces.neighbors import neighbors
from search_spaces.space import DesignSpace


def polish(  # noqa: PLR0913  each is one knob of one loop
    pool: Pool,
    scores: Tensor,
    score: Callable[[Tensor], Tensor],
    space: DesignSpace,
    generator: np.random.Generator,
    *,
    climbers: int,
    rounds: int,
    limit: int,
) -> Tensor:
    """Adds neighbours of the best to the pool, round by round, and returns the scores of the whole pool.

    Args:
        pool: grows by the neighbours that were looked at.
        scores: `n`, of the pool as it is.
        score: scores rows of the pool.
        space: whose one-gene changes are neighbours.
        generator: draws the neighbours.
        climbers: how many of the best get their neighbours looked at in each round.
        rounds: at most so many; ends early once no climber is new.
        limit: neighbours per climber.
    """
    climbed: set[int] = set()
    for _ in range(rounds):
        best = [
            place for place in scores.argsort(descending=True, stable=True)[:climbers].tolist() if place not in climbed
        ]
        if not best:
            break
        climbed.update(best)
        found = [n for place in best for n in neighbors(space, pool.candidates[place], generator, limit)]
        places = pool.add(found)
        if len(places):
            scores = torch.cat([scores, score(pool.rows[places])])
    return scores
