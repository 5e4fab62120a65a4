from __future__ import annotations

import torch

from protran.optimize.beliefs import InputMap
from protran.optimize.pool import Pool
from search_spaces.sampling import SamplingMethod, sample


def test_a_pool_keeps_each_free_candidate_once_beside_its_row(world) -> None:
    state = world.start(0)
    inputs = InputMap(state)
    first, second, third = sample(state.space, 3, SamplingMethod.SOBOL, 0)
    pool = Pool(inputs, {second.key})
    assert pool.add([first, second, first]).tolist() == [0]
    assert pool.add([first, third]).tolist() == [1]
    assert pool.candidates == [first, third]
    torch.testing.assert_close(pool.rows, inputs.of_candidates([first, third]))


def test_adding_nothing_new_changes_nothing(world) -> None:
    state = world.start(0)
    pool = Pool(InputMap(state), ())
    assert len(pool.add([])) == 0
    assert len(pool) == len(pool.rows) == 0
