"""Beliefs about hardware that start from other devices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from protran.optimize.beliefs import Beliefs, InputMap, fit_beliefs, fit_surrogate
from protran.optimize.learn import assess, predicted_error, propose_profiles
from protran.optimize.source_fits import source_device, source_remarks
from protran.optimize.sources import SourceRows, quantity_of
from protran.optimize.state import SearchObjective, SearchState
from search_spaces.sampling import SamplingMethod, sample
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.sourced_gp import SourcedGP


def rows_of(world, name: str, *, wild: bool = False) -> SourceRows:
    """A device three times as slow as the world's, with 2 % noise; a wild one is wrong."""
    candidates = sample(world.space, 40, SamplingMethod.SOBOL, 7)
    spread = np.random.default_rng(2).normal(0.0, 2.0 if wild else 0.02, 40)
    return SourceRows(
        name, tuple(candidates), {"latency_s": tuple(3.0 * world.truth(candidates)[:, 1] * np.exp(spread))}
    )


@pytest.fixture(scope="module")
def board(world) -> SourceRows:
    return rows_of(world, "board")


@pytest.fixture(scope="module")
def state(world, board) -> SearchState:
    """Ten profiles, ten trainings, and another device."""
    return world.start(10, sources=(board,))


@pytest.fixture(scope="module")
def beliefs(state) -> Beliefs:
    return fit_beliefs(state)


def _error(world, beliefs: Beliefs) -> float:
    others = sample(world.space, 100, SamplingMethod.RANDOM, 8)
    latency = beliefs.mean(beliefs.inputs.of_candidates(others))[:, 0].exp().numpy()
    return float(np.median(np.abs(latency / world.truth(others)[:, 1] - 1.0)))


def test_beliefs_about_hardware_hear_the_sources_and_those_about_scores_do_not(beliefs) -> None:
    hardware, score = (belief.surrogate for belief in beliefs.modelled)
    assert isinstance(hardware, SourcedGP)
    assert hardware.sources_of(0) == ("board",)
    assert isinstance(score, HeteroscedasticGP)


def test_a_source_makes_few_profiles_worth_more(world, state, beliefs) -> None:
    alone = fit_beliefs(replace(state, sources=()))
    assert isinstance(alone.modelled[0].surrogate, HeteroscedasticGP)
    assert _error(world, beliefs) < _error(world, alone)
    assert predicted_error(state)["latency_s"] < predicted_error(replace(state, sources=()))["latency_s"]


def test_moments_are_the_diagonal_of_the_joint_belief(world, beliefs) -> None:
    rows = beliefs.inputs.of_candidates(sample(world.space, 4, SamplingMethod.RANDOM, 3))
    mean, covariance = beliefs.joint(rows)
    means, variances = beliefs.moments(rows)
    torch.testing.assert_close(means, mean.T)
    torch.testing.assert_close(variances, covariance.diagonal(dim1=-2, dim2=-1).T)
    torch.testing.assert_close(beliefs.covariance(rows, rows), covariance)


def test_gradients_reach_the_relaxed_genes_through_the_sources(state, beliefs) -> None:
    inputs = beliefs.inputs
    candidates = sample(state.space, 2, SamplingMethod.RANDOM, 3)
    z = torch.as_tensor(inputs.features.encoding.encode_many(candidates)).clamp(0.01, 0.99).requires_grad_()
    means, variances = beliefs.moments(inputs.of_relaxed(z))
    (gradient,) = torch.autograd.grad((means[:, 0] + variances[:, 0]).sum(), z)
    assert bool(gradient.isfinite().all())
    assert float(gradient.abs().max()) > 0.0


def test_a_fit_to_a_source_is_made_once(state, board) -> None:
    features = InputMap(state).features
    first = source_device(board, features, ["latency_s"])
    assert source_device(board, features, ["latency_s"]) is first
    again = replace(board)
    assert again == board
    assert source_device(again, features, ["latency_s"]) is not first
    assert torch.equal(first.x, source_device(again, features, ["latency_s"]).x)


def test_several_devices_hear_a_source_each_for_its_own_objective(world, state, board) -> None:
    objectives = (SearchObjective.hardware("latency_s@a"), SearchObjective.hardware("energy_j@b"))
    rows = tuple(
        replace(row, values={"latency_s@a": row.values["latency_s"], "energy_j@b": 1.0 + row.values["latency_s"]})
        for row in state.observations
    )
    several = replace(state, objectives=objectives, observations=rows)
    inputs = InputMap(several)
    surrogate = fit_surrogate(several, objectives, inputs, inputs.of_candidates([row.candidate for row in rows]))
    assert isinstance(surrogate, SourcedGP)
    assert (surrogate.sources_of(0), surrogate.sources_of(1)) == (("board",), ())
    assert quantity_of("latency_s@a") == quantity_of("latency_s") == "latency_s"
    assert source_remarks(surrogate, ["latency_s@a", "energy_j@b"]) == (
        f"latency_s@a: starts from board, which count {surrogate.weight_of(0):.0%}",
        "energy_j@b: leaves board out: it has no values of this output",
    )


def test_a_wild_source_is_left_out_by_name_and_changes_no_proposal(world, state) -> None:
    wild = replace(state, sources=(rows_of(world, "wild", wild=True),))
    assessment = assess(wild)
    (remark,) = assessment.remarks
    assert remark.startswith("latency_s: leaves wild out: contaminated: ")
    assert assessment.weights == {"latency_s": 0.0}
    assert propose_profiles(wild, 2) == propose_profiles(replace(state, sources=()), 2)


def test_equal_states_get_equal_proposals_whether_a_source_was_fitted_or_not(world, state) -> None:
    fresh = replace(state, sources=(rows_of(world, "board"),))
    assert not fresh.sources[0].fits
    assert propose_profiles(fresh, 2) == propose_profiles(state, 2)


def test_without_hardware_values_nothing_is_said_about_sources(world, board) -> None:
    assert assess(world.start(0, sources=(board,))).remarks == ()


def test_a_source_that_cannot_be_fitted_is_left_out_with_the_reason(state, board) -> None:
    broken = replace(board, name="broken", values={"latency_s": (-1.0, *board.values["latency_s"][1:])})
    with_both = replace(state, sources=(broken, board))
    remarks = assess(with_both).remarks
    assert remarks[0].startswith("latency_s: starts from board, which count ")
    assert remarks[1].startswith("leaves broken out: expected positive values of an output on the log scale, got -1")
    assert propose_profiles(with_both, 2) == propose_profiles(state, 2)
