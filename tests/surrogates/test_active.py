from __future__ import annotations

import pytest
import torch

from surrogates.active import choose, expected_relative_error, variance_reduction
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP


def points(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def costs_of(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([(x[:, 0] + (4 * x[:, 1]).sin()).exp(), 1.0 + x[:, 2]], dim=-1)


def fitted(x: torch.Tensor) -> HeteroscedasticGP:
    surrogate = HeteroscedasticGP((True, False))
    y = costs_of(x)
    noise = torch.randn(y.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    surrogate.fit(x, y * (1 + 0.02 * noise), (0.02 * y).square())
    return surrogate


@pytest.fixture(scope="module")
def belief() -> HeteroscedasticGP:
    return fitted(points(8, seed=0))


def remaining_variance(belief, chosen: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Dense oracle: `m`, mean variance over the reference sample after measuring the chosen points."""
    among = belief.covariance(chosen, chosen) + torch.diag_embed(belief.noise(chosen).T)
    cross = belief.covariance(chosen, reference)
    after = belief.covariance(reference, reference) - cross.transpose(-1, -2) @ torch.linalg.inv(among) @ cross
    return after.diagonal(dim1=-2, dim2=-1).mean(-1)


def test_each_choice_is_the_one_that_a_dense_search_makes(belief):
    pool, reference = points(12, seed=1), points(9, seed=2)
    weights = 1 / belief.scales.square()
    expected: list[int] = []
    for _ in range(4):
        left = [i for i in range(12) if i not in expected]
        expected.append(min(left, key=lambda i: remaining_variance(belief, pool[[*expected, i]], reference) @ weights))
    assert choose(belief, pool, reference, 4) == expected


def test_the_variance_reduction_is_that_of_the_dense_computation(belief):
    x, reference = points(3, seed=1), points(9, seed=2)
    weights = torch.tensor([2.0, 3.0], dtype=torch.float64)
    before = belief.covariance(reference, reference).diagonal(dim1=-2, dim2=-1).mean(-1)
    expected = (before - remaining_variance(belief, x, reference)) @ weights
    assert variance_reduction(belief, x, reference, weights=weights).item() == pytest.approx(expected.item())


def test_the_variance_reduction_takes_batches_and_has_gradients(belief):
    x, reference = points(8, seed=1).reshape(4, 2, 3).requires_grad_(), points(9, seed=2)
    value = variance_reduction(belief, x, reference)
    assert value.shape == (4,)
    assert value[1].item() == pytest.approx(variance_reduction(belief, x[1], reference).item())
    (gradient,) = torch.autograd.grad(value.sum(), x)
    step = torch.zeros_like(x)
    step[2, 0, 1] = 1e-6
    slope = (
        variance_reduction(belief, x + step, reference) - variance_reduction(belief, x - step, reference)
    ).sum() / 2e-6
    assert gradient[2, 0, 1].item() == pytest.approx(slope.item(), rel=1e-4)


def test_a_measurement_that_costs_a_thousand_times_more_is_avoided(belief):
    pool, reference = points(12, seed=1), points(9, seed=2)
    best = choose(belief, pool, reference, 1)[0]
    costs = torch.ones(12)
    costs[best] = 1e3
    assert best not in choose(belief, pool, reference, 11, costs=costs)[:10]


def test_a_repeat_of_a_quiet_known_point_is_worth_less_than_a_new_one(belief):
    known, reference = points(8, seed=0), points(50, seed=2)
    pool = torch.cat([known, points(8, seed=1)])
    chosen = choose(belief, pool, reference, 3)
    assert min(chosen) >= 8


def test_chosen_points_teach_more_than_random_ones():
    start, pool, reference = points(6, seed=0), points(60, seed=1), points(60, seed=2)
    picks = choose(fitted(start), pool, reference, 6)
    chosen = expected_relative_error(fitted(torch.cat([start, pool[picks]])), reference)
    clustered = expected_relative_error(fitted(torch.cat([start, start + 1e-3])), reference)
    assert (chosen < clustered).all()


def test_the_expected_relative_error_is_near_the_true_one():
    x, reference = points(24, seed=0), points(300, seed=2)
    surrogate = fitted(x)
    actual = ((surrogate.predict(reference).mean - costs_of(reference)) / costs_of(reference)).abs().mean(0)
    ratio = expected_relative_error(surrogate, reference) / actual
    assert ((ratio > 0.3) & (ratio < 3.0)).all()


def test_the_error_against_a_measurement_includes_its_noise(belief):
    reference = points(20, seed=2)
    with_noise = expected_relative_error(belief, reference, of_measurement=True)
    assert (with_noise > expected_relative_error(belief, reference)).all()
    prediction = belief.predict(reference)
    expected = (2 / torch.pi * prediction.total_var).sqrt() / prediction.mean
    assert torch.allclose(with_noise, expected.mean(0))


@pytest.mark.parametrize("count", [0, 13])
def test_a_choice_that_the_pool_cannot_give_is_refused(belief, count):
    with pytest.raises(SurrogateError, match="offer a larger pool"):
        choose(belief, points(12, seed=1), points(9, seed=2), count)


def test_costs_that_are_not_positive_are_refused(belief):
    with pytest.raises(SurrogateError, match="12 positive costs"):
        choose(belief, points(12, seed=1), points(9, seed=2), 1, costs=torch.zeros(12))
