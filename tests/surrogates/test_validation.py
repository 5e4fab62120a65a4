from __future__ import annotations

import math

import pytest
import torch

from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction
from surrogates.validation import folds, score


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(-1)


def belief(mean: torch.Tensor, deviation: float = 1.0) -> Prediction:
    return Prediction(mean, torch.zeros_like(mean), torch.full_like(mean, deviation**2))


def test_metrics_of_a_small_example_are_those_worked_out_by_hand():
    (metrics,) = score(belief(column(1, 2, 5)), column(1, 4, 4))
    assert metrics.nmse == pytest.approx((0 + 4 + 1) / 3 / 16)
    assert metrics.mape == pytest.approx((0 + 0.5 + 0.25) / 3)
    assert metrics.within10 == pytest.approx(1 / 3)
    assert metrics.tau == pytest.approx(2 / math.sqrt(3 * 2))
    assert metrics.nll == pytest.approx(0.5 * math.log(2 * math.pi) + 0.5 * 5 / 3)
    assert metrics.coverage90 == pytest.approx(2 / 3)
    assert metrics.width90 == pytest.approx(2 * 1.6448536 * (1 + 0.25 + 0.25) / 3)
    assert metrics.count == 3


def test_missing_values_are_left_out():
    whole = score(belief(column(1, 2, 5)), column(1, 4, 4))
    assert score(belief(column(1, math.nan, 2, 5, 7)), column(1, 3, 4, 4, math.nan)) == whole


def test_true_beliefs_cover_as_often_as_they_say():
    generator = torch.Generator().manual_seed(0)
    y = 10 + 2 * torch.randn(20_000, 1, generator=generator, dtype=torch.float64)
    (metrics,) = score(belief(torch.full_like(y, 10.0), 2.0), y)
    assert metrics.coverage90 == pytest.approx(0.9, abs=0.01)


def test_the_rank_correlation_with_a_constant_is_not_a_number():
    assert math.isnan(score(belief(column(3, 3)), column(1, 2))[0].tau)


def test_other_shapes_are_refused():
    with pytest.raises(SurrogateError, match=r"shape \(2, 1\), got \(3, 1\)"):
        score(belief(column(1, 2)), column(1, 2, 3))


def test_a_single_value_is_refused():
    with pytest.raises(SurrogateError, match="at least 2 values of output 0"):
        score(belief(column(1, 2)), column(1, math.nan))


def test_folds_are_disjoint_complete_and_depend_on_the_seed_alone():
    parts = folds(10, 3, seed=4)
    assert sorted(torch.cat(parts).tolist()) == list(range(10))
    assert {len(part) for part in parts} == {3, 4}
    assert all(torch.equal(a, b) for a, b in zip(parts, folds(10, 3, seed=4), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(parts, folds(10, 3, seed=5), strict=True))


@pytest.mark.parametrize("parts", [1, 5])
def test_folds_that_cannot_be_made_are_refused(parts):
    with pytest.raises(SurrogateError, match="expected 2 to 4 parts"):
        folds(4, parts, seed=0)
