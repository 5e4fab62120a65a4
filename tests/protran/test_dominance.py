from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from protran.dominance import non_dominated
from protran.errors import InputError
from protran.quantities import Direction

# Few different numbers, so that ties and equal points are common.
FEW = st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 1.0, 2.0, 3.0, math.inf, math.nan])
SHAPES = st.tuples(st.integers(0, 40), st.integers(1, 5))


def by_brute_force(points: np.ndarray) -> list[bool]:
    """The definition, word by word."""

    known = ~np.isnan(points).any(axis=1)

    def is_dominated(point: np.ndarray) -> bool:
        at_least_as_good = (points <= point).all(axis=1)
        better_in_one = (points < point).any(axis=1)
        return bool((known & at_least_as_good & better_in_one).any())

    return [bool(known[i]) and not is_dominated(points[i]) for i in range(len(points))]


@given(arrays.arrays(np.float64, SHAPES, elements=FEW))
def test_ties_equal_points_and_gaps_are_as_the_definition_says(points: np.ndarray) -> None:
    assert non_dominated(points).tolist() == by_brute_force(points)


@settings(max_examples=25, deadline=None)
@given(st.integers(65, 300), st.integers(1, 5), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_many_points_are_divided_and_conquered_as_the_definition_says(n: int, m: int, levels: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, levels, size=(n, m)).astype(np.float64)
    assert non_dominated(points).tolist() == by_brute_force(points)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_a_column_that_hardly_differs_is_divided_all_the_same(levels: int) -> None:
    generator = np.random.default_rng(levels)
    x, y = generator.integers(0, 40, size=(2, 1200)).astype(np.float64)
    flat = generator.integers(0, levels, size=1200) * (generator.random(1200) < 0.2)
    points = np.stack([x, flat, y, -x - y + generator.integers(0, 2, size=1200)], axis=1)
    assert non_dominated(points).tolist() == by_brute_force(points)


@pytest.mark.parametrize("m", [2, 3, 4, 5])
def test_many_points_on_one_surface_are_all_on_the_front(m: int) -> None:
    points = np.random.default_rng(m).random((500, m))
    points /= points.sum(axis=1, keepdims=True)
    points = np.unique(points.round(6), axis=0)
    assert non_dominated(points).tolist() == by_brute_force(points)


def test_a_hundred_thousand_points_of_four_objectives_are_feasible() -> None:
    points = np.random.default_rng(0).random((100_000, 4))
    mask = non_dominated(points)
    front, rest = points[mask], points[~mask]
    assert by_brute_force(front[:100]) == [True] * 100
    sample = rest[:: len(rest) // 100]
    assert all((front <= point).all(axis=1).any() for point in sample)


@given(arrays.arrays(np.float64, SHAPES, elements=FEW))
def test_to_maximise_is_to_minimise_the_negative(points: np.ndarray) -> None:
    directions = [Direction.MAXIMISE] * points.shape[1]
    assert non_dominated(points, directions).tolist() == non_dominated(-points).tolist()


def test_directions_may_differ() -> None:
    points = [[1.0, 5.0], [1.0, 4.0], [0.5, 4.0]]
    assert non_dominated(points, [Direction.MINIMISE, Direction.MAXIMISE]).tolist() == [True, False, True]


def test_equal_points_are_all_on_the_front() -> None:
    assert non_dominated([[1.0, 2.0], [1.0, 2.0], [2.0, 2.0]]).tolist() == [True, True, False]


def test_one_objective_leaves_the_smallest() -> None:
    assert non_dominated([[2.0], [1.0], [math.nan], [1.0]]).tolist() == [False, True, False, True]


def test_no_points_have_an_empty_front() -> None:
    assert non_dominated(np.empty((0, 3))).tolist() == []


@pytest.mark.parametrize("shape", [(3,), (3, 0), (2, 2, 2)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="expected points of shape"):
        non_dominated(np.zeros(shape))


def test_a_direction_too_few_is_refused() -> None:
    with pytest.raises(InputError, match="expected 2 directions, got 1"):
        non_dominated([[1.0, 2.0]], [Direction.MINIMISE])
