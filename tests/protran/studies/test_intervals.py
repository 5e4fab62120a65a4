"""Means with Student's intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from protran.studies.intervals import mean_interval


def test_an_interval_is_that_of_student():
    found = mean_interval([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.half_width == pytest.approx(3.182446 * 1.290994 / 2, rel=1e-6)  # t(.975, 3), s, sqrt(4)
    assert (found.low, found.high) == (2.5 - found.half_width, 2.5 + found.half_width)


def test_one_value_has_no_spread():
    found = mean_interval([3.0])
    assert found.half_width is None
    assert found.low == found.high == 3.0
    assert found.to_json() == {"mean": 3.0, "half_width": None, "count": 1}


def test_what_could_not_be_had_does_not_count():
    assert mean_interval([1.0, math.nan, 3.0]).count == 2
    assert mean_interval([math.nan]) is None
    assert mean_interval([]) is None


def test_nineteen_of_twenty_intervals_hold_the_true_mean():
    random = np.random.default_rng(0)
    found = [mean_interval(random.normal(5.0, 2.0, 6).tolist()) for _ in range(2000)]
    assert np.mean([each.low <= 5.0 <= each.high for each in found]) == pytest.approx(0.95, abs=0.015)
