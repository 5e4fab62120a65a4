from __future__ import annotations

import numpy as np
import pytest

from protran.benchmark.judge import Judge
from protran.errors import InputError

SMOOTH = np.random.default_rng(0).random((200, 3)) * [1.0, 10.0, 0.1] + [1.0, 5.0, 2.0]


def test_objectives_are_scaled_from_their_least_to_their_99th_percentile() -> None:
    scaled = Judge(SMOOTH).scaled
    assert scaled.min() == 0.0
    assert scaled.max() == 1.0
    assert ((scaled == 1.0).sum(axis=0) == 2).all()  # a hundredth of the rows is clipped


def test_all_rows_hold_the_whole() -> None:
    assert Judge(SMOOTH).fraction(range(200)) == pytest.approx(1.0)


def test_the_curve_is_the_fraction_after_each_row() -> None:
    judge, rows = Judge(SMOOTH), np.random.default_rng(1).permutation(200)[:30].tolist()
    curve = judge.curve(rows)
    assert curve == pytest.approx([judge.fraction(rows[: count + 1]) for count in range(30)])
    assert (np.diff(curve) >= 0).all()


def test_an_objective_that_does_not_vary_is_refused() -> None:
    with pytest.raises(InputError, match="differ in each objective"):
        Judge(np.column_stack([SMOOTH, np.ones(200)]))
