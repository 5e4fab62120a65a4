from __future__ import annotations

import numpy as np
import torch

from protran.integration.optuna.believing import believe_constraints, believe_objectives, target_of
from protran.integration.optuna.inputs import View
from protran.integration.optuna.observations import Observations
from protran.optimize.scales import Scale

X = np.linspace(0.0, 1.0, 12)[:, None]
VIEWS = (View([0]),)


def observations(*columns: np.ndarray, constraints: np.ndarray | None = None) -> Observations:
    limits = np.zeros((len(X), 0)) if constraints is None else constraints[:, None]
    return Observations(X, np.stack(columns, axis=-1), limits, np.ones(len(X), dtype=bool))


def test_a_logarithm_is_taken_where_it_predicts_better() -> None:
    exponential, straight = np.exp(8.0 * X[:, 0]), 1.0 + 5.0 * X[:, 0]
    beliefs = believe_objectives(observations(exponential, straight, straight - 3.0), torch.as_tensor(X), VIEWS)
    assert [objective.scale for objective in beliefs.objectives] == [Scale.LOG, Scale.LINEAR, Scale.LINEAR]


def test_the_view_that_predicts_better_is_taken() -> None:
    rows = torch.cat([torch.as_tensor(X), torch.as_tensor(np.random.default_rng(0).random((len(X), 1)))], dim=-1)
    beliefs = believe_objectives(observations(np.sin(4.0 * X[:, 0])), rows, (View([1]), View([0])))
    assert [belief.columns for belief in beliefs.modelled] == [[0]]


def test_the_reference_lies_beyond_a_front_of_one_point() -> None:
    beliefs = believe_objectives(observations(X[:, 0] - 0.5, 2.0 * X[:, 0] - 0.5), torch.as_tensor(X), VIEWS)
    target = target_of(beliefs, torch.as_tensor(X))
    assert bool((target.reference - target.ideal > 1.0).all())


def test_a_constraint_is_kept_where_it_is_believed_to_be_negative() -> None:
    (constraint,) = believe_constraints(
        observations(X[:, 0], constraints=1e6 * (X[:, 0] - 0.5)), torch.as_tensor(X), VIEWS
    )
    probability = constraint.log_probability(torch.tensor([[0.1], [0.9]], dtype=torch.float64)).exp()
    assert probability[0] > 0.99
    assert probability[1] < 0.01
