from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from protran.optimize.beliefs import InputMap, believable, can_believe, fit_beliefs
from protran.optimize.state import Knowledge
from search_spaces.sampling import SamplingMethod, sample


def test_exact_objectives_are_the_counted_ones_without_variance(world) -> None:
    state = world.start(12)
    beliefs = fit_beliefs(state)
    others = sample(state.space, 5, SamplingMethod.RANDOM, 8)
    mean, variance = beliefs.moments(beliefs.inputs.of_candidates(others))
    assert [objective.name for objective in beliefs.objectives] == ["latency_s", "error", "memory_bytes"]
    np.testing.assert_allclose(mean[:, 2].exp().numpy(), world.truth(others)[:, 2])
    assert (variance[:, 2] == 0).all()
    assert (variance[:, :2] > 0).all()


def test_relaxed_rows_equal_the_candidates_rows_at_valid_points(world) -> None:
    state = world.start(4)
    inputs = InputMap(state)
    candidates = sample(state.space, 6, SamplingMethod.SOBOL, 2)
    z = torch.as_tensor(inputs.features.encoding.encode_many(candidates))
    torch.testing.assert_close(inputs.of_relaxed(z), inputs.of_candidates(candidates), rtol=1e-9, atol=1e-9)


def test_latency_is_known_well_after_twenty_profiles(world) -> None:
    state = world.start(20)
    beliefs = fit_beliefs(state)
    others = sample(state.space, 100, SamplingMethod.RANDOM, 8)
    latency = beliefs.mean(beliefs.inputs.of_candidates(others))[:, 0].exp().numpy()
    assert np.median(np.abs(latency / world.truth(others)[:, 1] - 1.0)) < 0.05


def test_moments_are_the_diagonal_of_the_joint_belief(world) -> None:
    state = world.start(10)
    beliefs = fit_beliefs(state)
    rows = beliefs.inputs.of_candidates(sample(state.space, 4, SamplingMethod.RANDOM, 3))
    mean, covariance = beliefs.joint(rows)
    means, variances = beliefs.moments(rows)
    torch.testing.assert_close(means, mean.T)
    torch.testing.assert_close(variances, covariance.diagonal(dim1=-2, dim2=-1).T)
    torch.testing.assert_close(beliefs.covariance(rows, rows), covariance)


def test_low_fidelity_scores_inform_full_fidelity_with_their_own_level(world) -> None:
    state = world.start(24)
    low = [replace(row, fidelity=0.2, values={"error": row.values["error"] + 0.2}) for row in state.observations[:12]]
    profiles = [replace(row, values={"latency_s": row.values["latency_s"]}) for row in state.observations[:12]]
    mixed = replace(state, observations=(*low, *profiles, *state.observations[12:]))
    candidates = [row.candidate for row in low]
    beliefs = fit_beliefs(mixed)
    error = beliefs.mean(beliefs.inputs.of_candidates(candidates))[:, 1].sigmoid().numpy()
    truth = world.truth(candidates)[:, 0]
    assert np.abs(error - truth).mean() < np.abs(np.array([row.values["error"] for row in low]) - truth).mean() / 2


def test_an_objective_with_one_value_is_not_believable(world) -> None:
    state = world.start(2)
    first, second = state.observations
    state = replace(state, observations=(first, replace(second, values={"latency_s": 1e-3})))
    assert [o.name for o in believable(state, state.of(Knowledge.HARDWARE, Knowledge.SCORE))] == ["latency_s"]
    assert not can_believe(state)


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_are_not_believable(world, rows: int) -> None:
    assert not can_believe(world.start(rows))
