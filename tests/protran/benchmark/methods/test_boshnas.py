from __future__ import annotations

import numpy as np

from protran.benchmark.methods.boshnas import scalarised

VALUES = np.array([[1.0, 30.0], [2.0, 20.0], [3.0, 10.0]])


def test_a_weight_on_one_objective_alone_orders_by_it() -> None:
    assert scalarised(VALUES, np.array([1.0, 0.0])).argsort().tolist() == [0, 1, 2]
    assert scalarised(VALUES, np.array([0.0, 1.0])).argsort().tolist() == [2, 1, 0]


def test_even_weights_prefer_the_middle_whatever_the_units() -> None:
    for units in (1.0, 1000.0):
        assert scalarised(VALUES * [1.0, units], np.array([0.5, 0.5])).argmin() == 1


def test_an_objective_that_does_not_vary_counts_nothing() -> None:
    same = np.column_stack([VALUES[:, 0], np.ones(3)])
    assert np.isfinite(scalarised(same, np.array([0.5, 0.5]))).all()
