from __future__ import annotations

import math

import pytest
import torch

from protran.optimize.hypervolume import hypervolume
from protran.optimize.pool_acquisition import SMALLEST_DEVIATION, ExpectedImprovement, GainScale, choose_rows
from protran.optimize.pool_beliefs import CountedOutput, OutputBelief, PoolBeliefs, View

DOUBLE = torch.float64


def gains(count: int, objectives: int, seed: int) -> torch.Tensor:
    return torch.rand(count, objectives, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def volume(points: torch.Tensor) -> float:
    return hypervolume(-points.numpy(), torch.zeros(points.shape[-1]).numpy())


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_without_doubt_the_improvement_is_the_volume_gained(objectives: int) -> None:
    front, rows = gains(12, objectives, 0), gains(20, objectives, 1)
    found = ExpectedImprovement(front)(rows, torch.full_like(rows, SMALLEST_DEVIATION))
    exact = [volume(torch.cat([front, row.unsqueeze(0)])) - volume(front) for row in rows]
    assert found.tolist() == pytest.approx(exact, abs=1e-5)


def test_with_doubt_it_is_the_mean_over_draws() -> None:
    front, mean = 0.5 * gains(6, 3, 0), 0.3 + 0.4 * gains(3, 3, 1)
    deviation = torch.full_like(mean, 0.15)
    noise = torch.randn(4000, 3, generator=torch.Generator().manual_seed(2), dtype=DOUBLE)
    noise = torch.cat([noise, -noise])
    found = ExpectedImprovement(front)(mean, deviation)
    for row in range(3):
        drawn = ExpectedImprovement(front)(
            mean[row] + 0.15 * noise, torch.full((len(noise), 3), SMALLEST_DEVIATION, dtype=DOUBLE)
        )
        assert float(found[row]) == pytest.approx(float(drawn.mean()), rel=0.05)


def test_a_front_that_grew_is_the_front_of_all() -> None:
    front, rows = gains(12, 4, 0), gains(9, 4, 1)
    grown = ExpectedImprovement(front[:5])
    grown.add(front[5:])
    deviation = torch.full_like(rows, 0.1)
    torch.testing.assert_close(grown(rows, deviation), ExpectedImprovement(front)(rows, deviation))


def test_rows_that_are_beaten_beyond_doubt_are_not_scored() -> None:
    improvement = ExpectedImprovement(torch.tensor([[0.5, 0.5]], dtype=DOUBLE))
    mean = torch.tensor([[0.4, 0.4], [0.4, 0.4], [0.1, 0.9], [-0.5, 0.9]], dtype=DOUBLE)
    deviation = torch.tensor([[0.01, 0.01], [0.1, 0.1], [0.01, 0.01], [0.01, 0.01]], dtype=DOUBLE)
    assert improvement.may_improve(mean, deviation).tolist() == [False, True, True, False]


def test_gains_run_from_the_worst_to_the_best_belief() -> None:
    values = torch.linspace(1.0, 2.0, 101, dtype=DOUBLE).unsqueeze(-1)
    scale = GainScale.of(values.log())
    mean, deviation = scale.moments(values.log(), torch.full_like(values, 0.01))
    assert float(mean[0]) == pytest.approx(1.0)
    assert float(mean[99]) == pytest.approx(0.0)
    assert float(deviation[0]) == pytest.approx(0.1 * 1.0 / 0.99)


@pytest.fixture
def beliefs() -> tuple[PoolBeliefs, torch.Tensor, torch.Tensor]:
    """Eighty rows between two ends, good at one objective or at the other; every eighth is known."""
    x = torch.linspace(0.0, 1.0, 80, dtype=DOUBLE).unsqueeze(-1)
    y = torch.cat([1.0 + x, 2.0 - x.sqrt()], dim=-1)
    known = torch.arange(0, 80, 8)
    outputs = [OutputBelief.fit([View(x)], known, y[known, place]) for place in range(2)]
    return PoolBeliefs(outputs, known), known, y


def test_a_batch_has_open_rows_each_once(beliefs) -> None:
    believed, known, _ = beliefs
    is_open = torch.ones(80, dtype=torch.bool)
    is_open[known] = False
    chosen = choose_rows(believed, known, is_open, 12)
    assert len(set(chosen)) == 12
    assert not set(chosen) & set(known.tolist())


def test_no_more_rows_are_chosen_than_are_open(beliefs) -> None:
    believed, known, _ = beliefs
    is_open = torch.zeros(80, dtype=torch.bool)
    is_open[[3, 5]] = True
    assert sorted(choose_rows(believed, known, is_open, 4)) == [3, 5]


def test_the_best_first_row_has_the_greatest_improvement(beliefs) -> None:
    believed, known, _ = beliefs
    mean, deviation = GainScale.of(believed.mean).moments(believed.mean, believed.variance)
    scores = ExpectedImprovement(mean[known])(mean, deviation)
    scores[known] = -math.inf
    is_open = torch.ones(80, dtype=torch.bool)
    is_open[known] = False
    assert choose_rows(believed, known, is_open, 1) == [int(scores.argmax())]


def test_a_row_like_known_ones_is_worth_a_try_for_a_part_of_its_own() -> None:
    x = torch.linspace(0.0, 1.0, 9, dtype=DOUBLE).unsqueeze(-1)
    y = torch.cat([1.0 + x, 2.0 - x], dim=-1)
    known = torch.arange(0, 9, 2)
    believed = PoolBeliefs([OutputBelief.fit([View(x)], known, y[known, place]) for place in range(2)], known)
    believed.variance = torch.zeros_like(believed.variance)
    believed.mean = y.log()
    believed.mean[3] = believed.mean[2]  # nothing is gained by a row that is as its neighbour
    believed.mean[5] -= 0.001  # for certain a little better than those around it, but with less room to gain
    believed.mean[1] += 1.0  # worse for certain
    is_open = torch.zeros(9, dtype=torch.bool)
    is_open[[1, 3, 5]] = True
    assert choose_rows(believed, known, is_open, 1) == [5]
    assert choose_rows(believed, known, is_open, 3, own_deviation=0.05)[-1] == 1
    is_open[5] = False
    assert choose_rows(believed, known, is_open, 1, own_deviation=0.05) == [3]


def test_what_was_counted_has_no_part_of_its_own() -> None:
    x = torch.linspace(0.0, 1.0, 8, dtype=DOUBLE).unsqueeze(-1)
    known = torch.tensor([0, 7])
    believed = OutputBelief.fit([View(x)], known, 1.0 + x[known, 0])
    assert PoolBeliefs([believed, CountedOutput(x)], known).modelled.tolist() == [True, False]
