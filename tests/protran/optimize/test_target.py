from __future__ import annotations

import numpy as np
import torch

from protran.optimize.beliefs import fit_beliefs
from protran.optimize.scales import Scale
from protran.optimize.state import Knowledge, SearchObjective
from protran.optimize.target import SMALLEST_DEVIATION, Target, make_target


def simple_target(objective: SearchObjective) -> Target:
    reference, ideal = (objective.volume.forward(np.array([value])) for value in (0.5, 0.1))
    return Target((objective,), torch.as_tensor(reference), torch.as_tensor(ideal), torch.tensor([-torch.inf]))


def test_gains_are_nought_at_the_reference_and_one_at_the_ideal() -> None:
    objective = SearchObjective.error_rate()
    scaled = torch.as_tensor(objective.scale.forward(np.array([[0.5], [0.1], [0.3]])))
    np.testing.assert_allclose(simple_target(objective).gain(scaled)[:, 0].numpy(), [0.0, 1.0, 0.5])


def test_moments_of_gains_are_those_of_draws() -> None:
    objective = SearchObjective.error_rate()
    target = simple_target(objective)
    mean, variance = torch.tensor([[-1.0]]).double(), torch.tensor([[0.3]]).double()
    normal = torch.randn(200_000, 1, 1, generator=torch.Generator().manual_seed(0)).double()
    drawn = target.gain(mean + variance.sqrt() * normal)
    expected, deviation = target.gain_moments(mean, variance)
    assert abs(expected.item() - drawn.mean().item()) < 2e-3
    assert abs(deviation.item() - drawn.std().item()) < 2e-3


def test_a_certain_objective_keeps_the_least_deviation_and_a_gradient() -> None:
    target = simple_target(SearchObjective("x", Knowledge.SCORE, Scale.LINEAR, Scale.LINEAR))
    mean = torch.tensor([[0.3]], dtype=torch.float64, requires_grad=True)
    expected, deviation = target.gain_moments(mean, torch.zeros(1, 1).double())
    (gradient,) = torch.autograd.grad(expected.sum() + deviation.sum(), mean)
    assert abs(deviation.item() - SMALLEST_DEVIATION) < 1e-9
    assert abs(gradient.item() + 1 / 0.4) < 1e-6


def test_without_budgets_nothing_is_in_excess(world) -> None:
    state = world.start(8)
    beliefs = fit_beliefs(state)
    rows = beliefs.inputs.of_candidates([row.candidate for row in state.observations])
    target = make_target(beliefs, rows, {})
    assert (target.excess(beliefs.mean(rows)) == 0).all()
    assert (target.gain(beliefs.mean(rows)) > 0).any(dim=-1).all()


def test_excess_tells_breakers_from_keepers(world) -> None:
    state = world.start(8)
    beliefs = fit_beliefs(state)
    rows = beliefs.inputs.of_candidates([row.candidate for row in state.observations])
    memory = world.truth([row.candidate for row in state.observations])[:, 2]
    limit = float(np.median(memory))
    target = make_target(beliefs, rows, {"memory_bytes": limit})
    assert ((target.excess(beliefs.mean(rows)) > 0).numpy() == (memory > limit)).all()
