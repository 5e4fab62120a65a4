from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from protran.optimize.measured import Measured, measured_of, profiled_keys
from protran.optimize.repeats import QUIET
from protran.optimize.state import Observation
from search_spaces.sampling import SamplingMethod, sample


@pytest.fixture
def known(world):
    """Returns a state with two profiled candidates, one of them trained too, and a third that nobody has seen."""
    first, second, third = sample(world.space, 3, SamplingMethod.SOBOL, 3)
    rows = (
        Observation(first, {"latency_s": 2e-3}, {"latency_s": (1e-4) ** 2}),
        Observation(first, {"error": 0.3}),
        Observation(second, {"latency_s": 4e-3}),
    )
    return replace(world.start(0), observations=rows), (first, second, third)


def test_what_was_measured_is_known_on_the_scale_of_its_objective(known) -> None:
    state, candidates = known
    measured = measured_of(state, state.objectives, candidates)
    latency = measured.mean[:, 1]
    assert latency[:2].tolist() == pytest.approx([math.log(2e-3), math.log(4e-3)])
    assert measured.variance[0, 1].item() == pytest.approx(0.05**2)
    assert measured.variance[1, 1].item() == pytest.approx(QUIET**2)  # nothing is known better than that


def test_scores_counted_objectives_and_whoever_was_not_profiled_stay_unknown(known) -> None:
    state, candidates = known
    measured = measured_of(state, state.objectives, candidates)
    assert measured.mean[:, [0, 2]].isnan().all()
    assert measured.mean[2].isnan().all()
    assert profiled_keys(state) == {candidates[0].key, candidates[1].key}


def test_only_known_values_stand_before_the_belief() -> None:
    measured = Measured(torch.tensor([[1.0, math.nan]]), torch.tensor([[0.1, math.nan]]))
    mean, variance = measured.over(torch.tensor([[[5.0, 6.0]], [[7.0, 8.0]]]), torch.tensor([[2.0, 3.0]]))
    assert mean.tolist() == [[[1.0, 6.0]], [[1.0, 8.0]]]
    assert variance.tolist() == [[pytest.approx(0.1), 3.0]]
