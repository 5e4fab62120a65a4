from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from protran.optimize.beliefs import InputMap
from protran.optimize.polish import polish
from protran.optimize.pool import Pool
from search_spaces.sampling import SamplingMethod, sample


def test_hill_climbing_improves_on_where_it_starts_and_scores_everything(world) -> None:
    state = world.start(0)
    inputs = InputMap(state)
    macs = inputs.features.columns(["log_macs"])[0]
    pool = Pool(inputs, ())
    pool.add(sample(state.space, 5, SamplingMethod.SOBOL, 0))

    def score(rows: Tensor) -> Tensor:
        return -rows[:, macs]

    before = score(pool.rows)
    generator = np.random.default_rng(0)
    after = polish(pool, before, score, state.space, generator, climbers=2, rounds=3, limit=20)
    assert after.max() > before.max()
    torch.testing.assert_close(after, score(pool.rows))


def test_no_rounds_look_at_nothing(world) -> None:
    state = world.start(0)
    pool = Pool(InputMap(state), ())
    pool.add(sample(state.space, 3, SamplingMethod.SOBOL, 0))
    scores = torch.arange(3.0)
    after = polish(
        pool, scores, lambda rows: rows[:, 0], state.space, np.random.default_rng(0), climbers=1, rounds=0, limit=5
    )
    assert after.tolist() == scores.tolist()
