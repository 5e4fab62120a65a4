from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.optimize.hypervolume import MARGIN, hypervolume, non_dominated, reference_point


def by_inclusion_and_exclusion(points: np.ndarray, reference: np.ndarray) -> float:
    total = 0.0
    for size in range(1, len(points) + 1):
        for chosen in itertools.combinations(points, size):
            total -= (-1) ** size * np.prod(np.clip(reference - np.max(chosen, axis=0), 0.0, None))
    return float(total)


@settings(max_examples=60, deadline=None)
@given(m=st.integers(1, 4), n=st.integers(1, 6), seed=st.integers(0, 2**31))
def test_hypervolume_agrees_with_inclusion_and_exclusion(m: int, n: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, 6, (n, m)).astype(np.float64)
    reference = np.full(m, 5.0)
    assert hypervolume(points, reference) == pytest.approx(by_inclusion_and_exclusion(points, reference))


def test_no_points_have_no_volume() -> None:
    assert hypervolume(np.empty((0, 3)), np.ones(3)) == 0.0


def test_points_beyond_the_reference_add_nothing() -> None:
    assert hypervolume(np.array([[0.0, 2.0], [1.5, 0.0]]), np.ones(2)) == 0.0


def test_a_point_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="expected finite points"):
        hypervolume(np.array([[np.nan, 0.0]]), np.ones(2))


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected points of shape \(n, 2\)"):
        hypervolume(np.zeros((3, 3)), np.ones(2))


@settings(max_examples=60, deadline=None)
@given(m=st.integers(1, 4), n=st.integers(0, 12), seed=st.integers(0, 2**31))
def test_non_dominated_agrees_with_the_definition(m: int, n: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, 4, (n, m)).astype(np.float64)
    expected = [not any((q <= p).all() and (q < p).any() for q in points) for p in points]
    assert non_dominated(points).tolist() == expected


def test_of_a_point_that_is_not_a_number_nobody_says_whether_it_is_dominated() -> None:
    with pytest.raises(ValueError, match="expected finite points"):
        non_dominated(np.array([[np.nan, 0.0]]))


@settings(max_examples=30, deadline=None)
@given(m=st.integers(2, 4), n=st.integers(1, 6), seed=st.integers(0, 2**31))
def test_equal_points_and_points_on_the_border_count_once_or_not(m: int, n: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, 4, (n, m)).astype(np.float64)
    reference = np.full(m, 3.0)
    assert hypervolume(np.concatenate([points, points]), reference) == pytest.approx(
        by_inclusion_and_exclusion(points, reference)
    )


def test_the_reference_lies_a_tenth_of_the_fronts_range_beyond_its_nadir() -> None:
    points = np.array([[0.0, 10.0], [1.0, 0.0], [50.0, 50.0]])
    np.testing.assert_allclose(reference_point(points), [1.0 + MARGIN, 10.0 + MARGIN * 10.0])


def test_a_stricter_limit_draws_the_reference_in() -> None:
    points = np.array([[0.0, 10.0], [1.0, 0.0]])
    np.testing.assert_allclose(reference_point(points, [None, 5.0]), [1.1, 5.5])
    np.testing.assert_allclose(reference_point(points, [None, 20.0]), reference_point(points))


def test_an_objective_that_never_varies_still_gets_a_reference_beyond_it() -> None:
    reference = reference_point(np.array([[1.0, 3.0], [2.0, 3.0]]))
    assert reference[1] > 3.0


def test_a_reference_needs_a_point() -> None:
    with pytest.raises(ValueError, match="one or more points"):
        reference_point(np.empty((0, 2)))
