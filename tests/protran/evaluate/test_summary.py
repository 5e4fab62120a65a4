from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.evaluate.summary import Summary


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_quartiles_are_those_of_numpy(values: list[float]) -> None:
    summary = Summary.of(values)
    assert (summary.q1, summary.median, summary.q3) == pytest.approx(tuple(np.percentile(values, [25, 50, 75])))


def test_values_that_are_no_numbers_are_left_out() -> None:
    assert Summary.of([math.nan, 3.0, 1.0, math.nan, 2.0]) == Summary(2.0, 1.5, 2.5)


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, math.inf]])
def test_what_is_no_finite_number_is_null_in_json(values: list[float]) -> None:
    assert Summary.of(values).to_json() == {"median": None, "q1": None, "q3": None}
