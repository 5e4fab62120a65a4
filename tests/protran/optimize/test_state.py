from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from protran.optimize.scales import Scale
from protran.optimize.state import ExactQuantity, Knowledge, Observation, SearchObjective, SearchState


@pytest.fixture
def state(world) -> SearchState:
    return world.start(4)


def test_columns_hold_nan_where_a_row_is_silent(world, state: SearchState) -> None:
    profiled = world.look([state.observations[0].candidate], 9, trained=False)
    state = replace(state, observations=(*state.observations, *profiled))
    values, variances = state.columns(state.objectives)
    assert np.isnan(values[-1]).tolist() == [True, False, True]
    assert np.isnan(variances[-1]).tolist() == [True, False, True]
    assert np.isfinite(values[0, :2]).all()


def test_a_profile_alone_leaves_a_candidate_free_to_be_trained(world, state: SearchState) -> None:
    first, second = (row.candidate for row in state.observations[:2])
    rows = world.look([first], 0, trained=False) + world.look([second], 0)
    assert replace(state, observations=rows).taken() == {second.key}


def test_without_a_score_a_profile_takes_a_candidate(world, state: SearchState) -> None:
    rows = world.look([state.observations[0].candidate], 0, trained=False)
    hardware = replace(state, objectives=(SearchObjective.hardware("latency_s"),), observations=rows)
    assert hardware.taken() == {rows[0].candidate.key}


def test_pending_and_excluded_candidates_are_taken(state: SearchState) -> None:
    first, second = (row.candidate for row in state.observations[:2])
    assert replace(state, observations=(), pending=(first,), excluded=(second,)).taken() == {first.key, second.key}


def test_a_score_that_is_not_finite_counts_as_missing(state: SearchState) -> None:
    row = Observation(state.observations[0].candidate, {"error": float("nan")})
    assert replace(state, observations=(row,)).taken() == set()


def test_a_budget_on_an_unknown_objective_is_named(state: SearchState) -> None:
    with pytest.raises(ValueError, match=r"'colour'.*error, latency_s, memory_bytes"):
        replace(state, budgets={"colour": 1.0})


def test_objectives_of_one_name_are_refused(state: SearchState) -> None:
    with pytest.raises(ValueError, match="different names"):
        replace(state, objectives=(state.objectives[0], state.objectives[0]))


def test_an_exact_objective_must_say_what_is_counted() -> None:
    with pytest.raises(ValueError, match="counted quantity"):
        SearchObjective("parameters", Knowledge.EXACT, Scale.LOG)
    with pytest.raises(ValueError, match="counted quantity"):
        SearchObjective("error", Knowledge.SCORE, quantity=ExactQuantity.PARAMETERS)


def test_a_state_loads_no_torch() -> None:
    code = "import sys, protran.optimize.state; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
