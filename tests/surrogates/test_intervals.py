from __future__ import annotations

import math

import pytest
import torch

from surrogates.intervals import CAUTION, spread
from surrogates.prediction import Prediction


def belief(count: int, log: bool = False) -> Prediction:
    mean = torch.full((count, 1), math.exp(0.5) if log else 0.0, dtype=torch.float64)
    variance = torch.full_like(mean, math.expm1(1.0) * math.e if log else 1.0)  # a standard normal, or its exponential
    return Prediction(mean, torch.zeros_like(mean), variance, (log,))


def normal(count: int, deviation: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return deviation * torch.randn(count, 1, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("deviation", [0.6, 1.0, 1.7])
def test_many_rows_that_scatter_more_than_believed_widen_as_much(log, deviation):
    count = 4000
    y = normal(count, deviation)
    factor = spread(belief(count, log), y.exp() if log else y).item()
    assert factor == pytest.approx(deviation ** (count / (count + CAUTION)), rel=0.06)


def test_few_rows_change_little():
    assert 1.0 < spread(belief(4), torch.full((4, 1), 3.0, dtype=torch.float64)).item() < 1.1


def test_rows_of_which_nothing_was_believed_do_not_count():
    y = normal(400, 1.5)
    whole = spread(belief(400), y)
    y = torch.cat([y, torch.full((50, 1), torch.nan, dtype=torch.float64)])
    assert spread(belief(450), y) == pytest.approx(whole)


def test_without_any_row_the_width_stays():
    assert spread(belief(3), torch.full((3, 1), torch.nan, dtype=torch.float64)).item() == 1.0


def test_a_wild_row_does_not_make_intervals_useless():
    y = torch.cat([normal(9, 1.0), torch.full((1, 1), 1e6, dtype=torch.float64)])
    assert spread(belief(10), y).item() < 1.2


@pytest.mark.parametrize(("count", "narrower"), [(12, False), (40, True)])
def test_intervals_are_narrowed_only_on_the_word_of_many_rows(count, narrower):
    assert (spread(belief(count), normal(count, 0.3)).item() < 1.0) == narrower
