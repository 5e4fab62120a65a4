from __future__ import annotations

import pytest
import torch

from surrogates.active import balanced_weights, choose, expected_relative_error, repeat_noise, variance_reduction
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
    weights = balanced_weights(belief, reference)
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


def test_balanced_weights_give_each_output_the_same_say(belief):
    reference = points(50, seed=2)
    before = belief.covariance(reference, reference).diagonal(dim1=-2, dim2=-1).mean(-1)
    assert torch.allclose(balanced_weights(belief, reference) * before, torch.ones(2, dtype=torch.float64))


def test_a_point_whose_measurement_says_nothing_is_chosen_last(belief):
    pool, reference = points(12, seed=1), points(9, seed=2)
    noises = belief.noise(pool)
    best = choose(belief, pool, reference, 1)[0]
    noises[best] = torch.inf
    assert choose(belief, pool, reference, 12, noises=noises)[-1] == best


def test_a_batch_does_not_ask_for_the_same_point_twice_over():
    belief, twins = fitted(points(8, seed=0)), points(6, seed=1).repeat(2, 1)
    chosen = choose(belief, twins, points(50, seed=2), 4)
    assert len({number % 6 for number in chosen}) == 4


def test_noises_of_the_wrong_shape_are_refused(belief):
    with pytest.raises(SurrogateError, match="12 x 2 noises"):
        choose(belief, points(12, seed=1), points(9, seed=2), 1, noises=torch.ones(12))


def test_a_repeat_lowers_the_noise_of_a_mean_by_what_repeats_draw_anew():
    noise, stated = torch.tensor([[0.5]]), torch.tensor([[0.2]])
    again = repeat_noise(noise, stated, torch.tensor([1]))
    assert (1 / (1 / noise + 1 / again)).item() == pytest.approx(0.5 - 0.2 + 0.1)


def test_a_third_measurement_says_less_than_a_second():
    noise, stated, counts = torch.full((2, 1), 0.5), torch.tensor([[0.2], [0.1]]), torch.tensor([1, 2])
    second, third = repeat_noise(noise, stated, counts).flatten().tolist()
    assert third > second > 0.5


@pytest.mark.parametrize("stated", [0.0, float("nan")])
def test_a_repeat_says_nothing_where_no_noise_is_stated(stated):
    assert repeat_noise(torch.tensor([[0.5]]), torch.tensor([[stated]]), torch.tensor([1])).isinf().all()
