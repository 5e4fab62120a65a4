"""What to propose while nothing can be believed: a low-discrepancy sample, keepers of counted budgets first."""

from __future__ import annotations

import torch
from torch import Tensor

from protran.optimize.beliefs import InputMap
from protran.optimize.pool import Pool
from protran.optimize.seeds import child_seed
from protran.optimize.state import Knowledge, SearchState
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample

DRAWS = 256


def space_filling(state: SearchState, batch_size: int) -> list[Candidate]:
    """Returns up to `batch_size` candidates that are not taken; those that break a counted budget come last."""
    inputs = InputMap(state)
    pool = Pool(inputs, state.taken())
    draws = min(state.space.size, max(DRAWS, batch_size + len(state.taken())))
    pool.add(sample(state.space, draws, SamplingMethod.SOBOL, child_seed(state.seed, state.step, "space filling")))
    order = _breaks(state, inputs, pool.rows).long().argsort(stable=True)[:batch_size]
    return [pool.candidates[place] for place in order.tolist()]


def _breaks(state: SearchState, inputs: InputMap, rows: Tensor) -> Tensor:
    """Returns which of `rows: n x (f + 1 + e)` break a budget on a counted objective, `n`."""
    breaks = torch.zeros(len(rows), dtype=torch.bool)
    for objective, column in zip(state.of(Knowledge.EXACT), inputs.exact_columns(), strict=True):
        if objective.name in state.budgets:
            breaks |= rows[:, column].exp() > state.budgets[objective.name]
    return breaks
