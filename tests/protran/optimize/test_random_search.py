from __future__ import annotations

from dataclasses import replace

import pytest

from protran.optimize.random_search import RandomProposer


def test_proposals_are_distinct_valid_and_not_taken(world) -> None:
    state = world.start(10)
    proposed = RandomProposer().propose(state, 6)
    keys = {candidate.key for candidate in proposed}
    assert len(keys) == 6
    assert not keys & state.taken()
    assert all(state.space.contains(candidate) for candidate in proposed)


def test_equal_states_get_equal_proposals_and_other_steps_others(world) -> None:
    state = world.start(10)
    proposer = RandomProposer()
    first = proposer.propose(state, 4)
    assert proposer.propose(state, 4) == first
    assert proposer.propose(replace(state, step=1), 4) != first
    assert proposer.propose(replace(state, seed=1), 4) != first


def test_an_empty_batch_is_refused(world) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RandomProposer().propose(world.start(3), 0)
