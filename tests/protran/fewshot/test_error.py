from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from protran.fewshot.error import expected_error, seen_error


def test_the_error_is_the_median_of_the_relative_ones() -> None:
    error = seen_error([1.1, 3.0, 1.0], [1.0, 2.0, 2.0])
    assert error is not None
    assert error.median == pytest.approx(0.5)
    assert (error.low, error.high, error.count) == (None, None, 3)


def test_nothing_seen_is_no_error() -> None:
    assert seen_error([], []) is None


@pytest.mark.parametrize(("count", "low", "high"), [(5, 1, 5), (7, 1, 7), (8, 2, 7), (10, 2, 9), (20, 6, 15)])
def test_the_interval_lies_between_the_order_statistics_of_the_tables(count: int, low: int, high: int) -> None:
    error = seen_error([1.0 + n / 100 for n in range(1, count + 1)], [1.0] * count)
    assert error is not None
    assert error.low == pytest.approx(low / 100)
    assert error.high == pytest.approx(high / 100)


@pytest.mark.parametrize("deviation", [0.01, 0.1, 0.5, 2.0])
def test_what_a_log_normal_belief_expects_is_the_median_of_draws(deviation: float) -> None:
    draws = np.abs(np.exp(np.random.default_rng(0).normal(0.0, deviation, 200_000)) - 1.0)
    error = expected_error(torch.tensor([deviation**2], dtype=torch.float64))
    assert error.median == pytest.approx(float(np.median(draws)), rel=0.02)


@given(st.lists(st.floats(0.0, 25.0), min_size=2, max_size=20))
def test_what_is_expected_lies_between_nothing_and_everything(variances: list[float]) -> None:
    error = expected_error(torch.tensor(variances, dtype=torch.float64))
    assert error.low is not None
    assert error.high is not None
    assert 0.0 <= error.low <= error.median <= error.high <= 1.0
    assert not math.isnan(error.median)
