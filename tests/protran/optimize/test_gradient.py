from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protran.optimize.gradient import GradientProposer, GradientSettings
from protran.optimize.hypervolume import hypervolume, non_dominated
from protran.optimize.proposer import Proposer
from protran.optimize.random_search import RandomProposer
from protran.optimize.state import ExactQuantity, Observation, SearchObjective, SearchState
from search_spaces.candidate import Candidate, HeadKind
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

QUICK = GradientSettings(draws=48, starts=3, steps=4, climbers=2, rounds=1, limit=8, fronts=2)


@pytest.fixture
def proposer() -> GradientProposer:
    return GradientProposer(QUICK)


def candidates_of(state: SearchState) -> list[Candidate]:
    return list(dict.fromkeys(row.candidate for row in state.observations))


def run(world, proposer: Proposer, seed: int, rounds: int) -> np.ndarray:
    """Returns the true objectives, on the hypervolume's axes, of what was evaluated in `rounds` batches of 4."""
    state = world.start(12, seed)
    for step in range(rounds):
        batch = proposer.propose(replace(state, step=step), 4)
        state = replace(state, observations=state.observations + world.look(batch, 100 + step))
    truth = world.truth(candidates_of(state))
    return np.column_stack([truth[:, 0], np.log(truth[:, 1:])])


def test_gradients_find_more_hypervolume_than_chance(world, proposer: GradientProposer) -> None:
    seeds = (0, 1)
    ours = [run(world, proposer, seed, rounds=2) for seed in seeds]
    random = [run(world, RandomProposer(), seed, rounds=2) for seed in seeds]
    everything = np.concatenate([*ours, *random])
    reference = everything[non_dominated(everything)].max(axis=0) + 0.1
    gains = [hypervolume(o, reference) - hypervolume(r, reference) for o, r in zip(ours, random, strict=True)]
    assert min(gains) > 0.0


def test_equal_states_get_equal_proposals(world) -> None:
    state = world.start(10)
    assert GradientProposer(QUICK).propose(state, 3) == GradientProposer(QUICK).propose(state, 3)


def test_proposals_are_distinct_valid_and_not_taken(world, proposer: GradientProposer) -> None:
    state = world.start(10)
    pending = tuple(sample(state.space, 2, SamplingMethod.RANDOM, 5))
    state = replace(state, pending=pending, excluded=(sample(state.space, 1, SamplingMethod.RANDOM, 6)[0],))
    proposed = proposer.propose(state, 4)
    keys = {candidate.key for candidate in proposed}
    assert len(keys) == 4
    assert not keys & state.taken()
    assert all(state.space.contains(candidate) for candidate in proposed)


def test_budgets_are_kept_by_what_is_proposed(world, proposer: GradientProposer) -> None:
    state = world.start(16)
    truth = world.truth(candidates_of(state))
    budgets = {"latency_s": float(np.median(truth[:, 1])), "memory_bytes": float(np.median(truth[:, 2]))}
    proposed = proposer.propose(replace(state, budgets=budgets), 4)
    found = world.truth(proposed)
    assert (found[:, 2] <= budgets["memory_bytes"]).all()
    assert (found[:, 1] <= 1.1 * budgets["latency_s"]).all()


def test_a_budget_that_nothing_known_keeps_draws_the_search_towards_it(world, proposer: GradientProposer) -> None:
    state = world.start(12)
    truth = world.truth(candidates_of(state))
    tight = replace(state, budgets={"memory_bytes": float(0.6 * truth[:, 2].min())})
    found = world.truth(proposer.propose(tight, 2))
    assert (found[:, 2] < truth[:, 2].min()).all()


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_rows_are_enough(world, proposer: GradientProposer, rows: int) -> None:
    state = world.start(rows)
    assert len({candidate.key for candidate in proposer.propose(state, 3)} - state.taken()) == 3


def test_without_a_single_score_the_space_is_filled_within_counted_budgets(world, proposer: GradientProposer) -> None:
    state = world.start(12)
    profiles = world.look(candidates_of(state), 0, trained=False)
    limit = float(np.median(world.truth(candidates_of(state))[:, 2]))
    failed = replace(
        state, observations=profiles, excluded=tuple(candidates_of(state)), budgets={"memory_bytes": limit}
    )
    proposed = proposer.propose(failed, 4)
    assert len({candidate.key for candidate in proposed} - failed.taken()) == 4
    assert (world.truth(proposed)[:, 2] <= limit).all()


def test_an_objective_that_never_varies_is_no_obstacle(world, proposer: GradientProposer) -> None:
    state = world.start(10)
    flat = tuple(
        Observation(row.candidate, {**row.values, "latency_s": 1e-3}, {"error": 1e-4}) for row in state.observations
    )
    assert len(proposer.propose(replace(state, observations=flat), 2)) == 2


def test_repeated_rows_of_one_candidate_are_no_obstacle(world, proposer: GradientProposer) -> None:
    state = world.start(6)
    again = world.look(candidates_of(state), 3)
    assert len(proposer.propose(replace(state, observations=state.observations + again), 2)) == 2


def test_scores_of_low_fidelity_are_no_obstacle(world, proposer: GradientProposer) -> None:
    state = world.start(8)
    low = tuple(replace(row, fidelity=0.3) for row in state.observations[:4])
    assert len(proposer.propose(replace(state, observations=(*low, *state.observations[4:])), 2)) == 2


def test_a_space_with_little_left_gives_what_is_left(world, proposer: GradientProposer) -> None:
    space = tiny_space()
    everything = sample(space, space.size, SamplingMethod.SOBOL, 0)
    state = replace(world.start(0), space=space, observations=world.look(everything[:-2], 0))
    assert {c.key for c in proposer.propose(state, 4)} == {c.key for c in everything[-2:]}


def test_a_space_where_all_is_known_gives_nothing(world, proposer: GradientProposer) -> None:
    space = tiny_space()
    everything = sample(space, space.size, SamplingMethod.SOBOL, 0)
    state = replace(world.start(0), space=space, observations=world.look(everything, 0))
    assert proposer.propose(state, 4) == []
    assert RandomProposer().propose(state, 4) == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_two_and_five_objectives_work(world, proposer: GradientProposer, count: int) -> None:
    objectives = (
        SearchObjective.error_rate(),
        SearchObjective.hardware("latency_s"),
        SearchObjective.exact(ExactQuantity.MEMORY_BYTES),
        SearchObjective.exact(ExactQuantity.PARAMETERS),
        SearchObjective.hardware("energy_j"),
    )[:count]
    state = world.start(8)
    rows = tuple(
        replace(row, values={**row.values, "energy_j": 3.0 * row.values["latency_s"]}) for row in state.observations
    )
    assert len(proposer.propose(replace(state, objectives=objectives, observations=rows), 2)) == 2


def test_an_empty_batch_is_refused(world, proposer: GradientProposer) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        proposer.propose(world.start(3), 0)


def tiny_space() -> DesignSpace:
    return DesignSpace(
        name="tiny",
        description="a handful of candidates",
        source="made for this test",
        layers=(1,),
        hidden=(8, 16),
        heads=(1, 2),
        head_kinds=(HeadKind.SCALED_DOT_PRODUCT,),
        stacks=(1,),
        feed_forward=(16, 32),
        conditions=(),
    )


@pytest.mark.parametrize("option", [{"radius": 0.3}, {"second_order": True}, {"straight_through": True}])
def test_every_way_to_ascend_proposes_a_whole_batch_of_new_candidates(world, option: dict[str, object]) -> None:
    state = world.start(12)
    settings = GradientSettings(draws=64, starts=4, steps=4, rounds=1, **option)
    proposed = GradientProposer(settings).propose(state, 3)
    assert len({candidate.key for candidate in proposed} - state.taken()) == 3
    assert proposed == GradientProposer(settings).propose(state, 3)
