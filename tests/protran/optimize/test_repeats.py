"""Measuring a profiled candidate again, where noise hides it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from example_spaces import EIGHT

from protran.optimize.beliefs import InputMap, fit_surrogate
from protran.optimize.learn import propose_profiles
from protran.optimize.repeats import MOST_MEASUREMENTS, Repeats, worthwhile_repeats
from protran.optimize.state import Knowledge, Observation, SearchObjective, SearchState
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace
from surrogates.active import balanced_weights

NOISY, QUIET = 0.25, 0.001


@pytest.fixture(scope="module")
def tiny() -> DesignSpace:
    """A space of eight candidates."""
    return EIGHT


@pytest.fixture
def profiled(world) -> Callable[..., SearchState]:
    """Returns the state after one profile of so many candidates, whose relative standard error is `noise`."""

    def make(space: DesignSpace, count: int, noise: float) -> SearchState:
        candidates = sample(space, count, SamplingMethod.SOBOL, 3)
        generator = np.random.default_rng(1)
        rows = []
        for candidate, (_, latency_s, _) in zip(candidates, world.truth(candidates), strict=True):
            seen = float(latency_s * np.exp(noise * generator.standard_normal()))
            rows.append(Observation(candidate, {"latency_s": seen}, {"latency_s": (noise * seen) ** 2}))
        return replace(world.start(0), space=space, observations=tuple(rows))

    return make


def _repeats(state: SearchState) -> Repeats:
    inputs = InputMap(state)
    rows = inputs.of_candidates([row.candidate for row in state.observations])
    objectives = state.of(Knowledge.HARDWARE)
    surrogate = fit_surrogate(state, objectives, inputs, rows)
    reference = inputs.of_candidates(sample(state.space, 8, SamplingMethod.SOBOL, 1))
    reference = reference[:, inputs.columns(Knowledge.HARDWARE)]
    weights = balanced_weights(surrogate, reference)
    return worthwhile_repeats(state, inputs, surrogate, objectives, reference, weights)


def _keys(state: SearchState) -> set[str]:
    return {row.candidate.key for row in state.observations}


def _changed(state: SearchState, place: int, **changes: object) -> SearchState:
    rows = list(state.observations)
    rows[place] = replace(rows[place], **changes)  # type: ignore[arg-type]
    return replace(state, observations=tuple(rows))


def test_once_all_of_a_noisy_device_is_profiled_candidates_are_measured_again(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    proposed = propose_profiles(state, 3)
    assert len({candidate.key for candidate in proposed}) == 3
    assert {candidate.key for candidate in proposed} <= _keys(state)


def test_on_a_quiet_device_nothing_is_ever_measured_again(profiled, tiny) -> None:
    assert propose_profiles(profiled(tiny, 8, QUIET), 3) == []
    state = profiled(tiny, 6, QUIET)
    assert not {candidate.key for candidate in propose_profiles(state, 4)} & _keys(state)


def test_in_a_large_space_new_candidates_tell_more_than_repeats(world, profiled) -> None:
    state = profiled(world.space, 8, 0.02)
    assert not {candidate.key for candidate in propose_profiles(state, 4)} & _keys(state)


def test_the_last_new_candidates_of_a_noisy_device_come_before_further_repeats(profiled, tiny) -> None:
    state = profiled(tiny, 6, NOISY)
    proposed = [candidate.key for candidate in propose_profiles(state, 8)]
    assert len(set(proposed)) == len(proposed) == 8
    assert set(proposed[:2]) == set(proposed) - _keys(state)


def test_equal_states_ask_for_equal_repeats(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    assert propose_profiles(state, 3) == propose_profiles(state, 3)


def test_a_candidate_that_is_pending_or_excluded_is_not_repeated(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    out = state.observations[0].candidate, state.observations[1].candidate
    barred = _repeats(replace(state, pending=out[:1], excluded=out[1:]))
    assert len(_repeats(state).candidates) == 8
    assert not {candidate.key for candidate in barred.candidates} & {candidate.key for candidate in out}


def test_a_mean_of_many_measurements_or_without_an_error_is_not_repeated(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    first = state.observations[0].candidate
    assert first in _repeats(state).candidates
    assert first not in _repeats(_changed(state, 0, counts={"latency_s": MOST_MEASUREMENTS})).candidates
    assert first not in _repeats(_changed(state, 0, variances={})).candidates


def test_an_error_that_all_repeats_share_is_no_reason_for_one(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    row = state.observations[0]
    shared = _changed(state, 0, shared=dict(row.variances))
    assert row.candidate not in _repeats(shared).candidates


def test_a_repeat_says_less_the_more_measurements_there_are(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    once, often = _repeats(state), _repeats(_changed(state, 0, counts={"latency_s": 4}))
    place = [candidate.key for candidate in often.candidates].index(state.observations[0].candidate.key)
    assert often.noises[place, 0] > 3.9 * once.noises[0, 0] > 0.0
    assert torch.equal(often.x[place], once.x[0])


def test_a_device_that_states_no_error_gains_nothing_from_a_repeat(profiled, tiny) -> None:
    state = profiled(tiny, 8, NOISY)
    other = SearchObjective.hardware("latency_s@other")
    rows = [
        replace(row, values={**row.values, other.name: row.values["latency_s"]}, variances=dict(row.variances))
        for row in state.observations
    ]
    state = replace(state, objectives=(*state.objectives, other), observations=tuple(rows))
    noises = _repeats(state).noises
    assert bool(noises[:, 0].isfinite().all())
    assert noises[:, 1].tolist() == [math.inf] * len(noises)
