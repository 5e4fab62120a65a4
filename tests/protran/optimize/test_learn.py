from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from protran.optimize.beliefs import InputMap, fit_surrogate
from protran.optimize.learn import PROFILE_CALLS, PROFILE_S, predicted_error, profile_costs, propose_profiles
from protran.optimize.random_search import RandomProposer
from protran.optimize.state import ExactQuantity, Knowledge, SearchObjective, SearchState
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample
from surrogates.active import expected_relative_error, variance_reduction


def profiles_only(world, rows: int, seed: int = 0) -> SearchState:
    state = world.start(rows, seed)
    observations = world.look([row.candidate for row in state.observations], seed, trained=False) if rows else ()
    return replace(state, observations=observations)


def actual_error(world, state: SearchState) -> float:
    """Returns the mean relative error of the latency surrogate over the space."""
    test = sample(state.space, 200, SamplingMethod.RANDOM, 99)
    inputs = InputMap(state)
    rows = inputs.of_candidates([row.candidate for row in state.observations])
    surrogate = fit_surrogate(state, state.of(Knowledge.HARDWARE), inputs, rows)
    with torch.no_grad():
        mean = surrogate.predict(inputs.of_candidates(test)[:, inputs.columns(Knowledge.HARDWARE)]).mean[:, 0].numpy()
    return float(np.mean(np.abs(mean / world.truth(test)[:, 1] - 1.0)))


def test_chosen_profiles_lower_the_predicted_and_the_actual_error(world) -> None:
    state = profiles_only(world, 6)
    before_predicted, before = predicted_error(state)["latency_s"], actual_error(world, state)
    for step in range(2):
        batch = propose_profiles(replace(state, step=step), 6)
        state = replace(state, observations=state.observations + world.look(batch, 50 + step, trained=False))
    assert predicted_error(state)["latency_s"] < before_predicted
    assert actual_error(world, state) < before


def test_the_predicted_error_is_of_the_actual_errors_size(world) -> None:
    state = profiles_only(world, 24)
    assert actual_error(world, state) / 4 < predicted_error(state)["latency_s"] < actual_error(world, state) * 4


def test_chosen_profiles_remove_more_variance_than_random_ones(world) -> None:
    state = profiles_only(world, 8)
    inputs = InputMap(state)
    columns = inputs.columns(Knowledge.HARDWARE)
    rows = inputs.of_candidates([row.candidate for row in state.observations])
    surrogate = fit_surrogate(state, state.of(Knowledge.HARDWARE), inputs, rows)
    reference = inputs.of_candidates(sample(state.space, 100, SamplingMethod.RANDOM, 4))[:, columns]

    def removed(batch: list[Candidate]) -> float:
        with torch.no_grad():
            return variance_reduction(surrogate, inputs.of_candidates(batch)[:, columns], reference).item()

    random = [removed(RandomProposer().propose(replace(state, step=step), 4)) for step in range(3)]
    assert removed(propose_profiles(state, 4)) > max(random)


def test_proposals_are_distinct_valid_and_not_profiled_yet(world) -> None:
    state = profiles_only(world, 8)
    proposed = propose_profiles(replace(state, pending=tuple(sample(state.space, 3, SamplingMethod.SOBOL, 3))), 5)
    keys = {candidate.key for candidate in proposed}
    assert len(keys) == 5
    assert not keys & {row.candidate.key for row in state.observations}
    assert all(state.space.contains(candidate) for candidate in proposed)


def test_equal_states_get_equal_proposals(world) -> None:
    state = profiles_only(world, 8)
    assert propose_profiles(state, 4) == propose_profiles(state, 4)
    assert predicted_error(state) == predicted_error(state)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_profiles_are_enough(world, rows: int) -> None:
    state = profiles_only(world, rows)
    keys = {candidate.key for candidate in propose_profiles(state, 3)}
    assert len(keys - {row.candidate.key for row in state.observations}) == 3


def test_before_two_profiles_the_error_is_unknown(world) -> None:
    assert predicted_error(profiles_only(world, 1)) == {"latency_s": math.inf}


def test_without_hardware_objectives_there_is_nothing_to_learn(world) -> None:
    state = replace(
        world.start(4), objectives=(SearchObjective.error_rate(), SearchObjective.exact(ExactQuantity.PARAMETERS))
    )
    assert propose_profiles(state, 4) == []
    assert predicted_error(state) == {}


def test_the_predicted_error_is_more_cautious_than_the_error_to_expect(world) -> None:
    state = profiles_only(world, 10)
    inputs = InputMap(state)
    rows = inputs.of_candidates([row.candidate for row in state.observations])
    surrogate = fit_surrogate(state, state.of(Knowledge.HARDWARE), inputs, rows)
    some = inputs.of_candidates(sample(state.space, 100, SamplingMethod.SOBOL, 5))
    expected = expected_relative_error(surrogate, some[:, inputs.columns(Knowledge.HARDWARE)]).item()
    assert predicted_error(state)["latency_s"] > expected


def test_a_profile_costs_its_calls_beside_what_every_profile_takes(world) -> None:
    state = profiles_only(world, 10)
    inputs = InputMap(state)
    rows = inputs.of_candidates([row.candidate for row in state.observations])
    objectives = state.of(Knowledge.HARDWARE)
    surrogate, x = fit_surrogate(state, objectives, inputs, rows), rows[:, inputs.columns(Knowledge.HARDWARE)]
    expected = PROFILE_S + PROFILE_CALLS * surrogate.predict(x).mean[:, 0]
    assert torch.allclose(profile_costs(surrogate, objectives, x), expected)
    unknown = (SearchObjective.hardware("energy_j@board"),)
    assert profile_costs(surrogate, unknown, x).tolist() == [1.0] * 10


def test_where_calls_are_what_costs_quicker_candidates_are_proposed(world, monkeypatch) -> None:
    state = profiles_only(world, 8)
    plain = world.truth(propose_profiles(state, 4))[:, 1].sum()
    monkeypatch.setattr("protran.optimize.learn.PROFILE_S", 1e-6)
    assert world.truth(propose_profiles(state, 4))[:, 1].sum() < plain
