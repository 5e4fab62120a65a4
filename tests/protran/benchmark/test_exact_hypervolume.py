from __future__ import annotations

import itertools

import numpy as np
import pytest

from protran.benchmark.exact_hypervolume import exact_hypervolume, exclusive_volume
from protran.optimize.hypervolume import hypervolume

CELLS = 5


def brute_force(points: np.ndarray) -> float:
    """Counts the cells of a grid that points on the grid's corners dominate."""
    corners = np.rint(points * CELLS).astype(int)
    cells = itertools.product(range(CELLS), repeat=points.shape[1])
    return sum(bool((corners <= cell).all(axis=1).any()) for cell in cells) / CELLS ** points.shape[1]


@pytest.mark.parametrize("objectives", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(4))
def test_the_volume_is_that_of_counted_cells(objectives: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, CELLS + 1, (12, objectives)) / CELLS
    assert exact_hypervolume(points) == pytest.approx(brute_force(points), abs=1e-12)


def test_many_points_of_four_objectives_agree_with_a_box_decomposition() -> None:
    points = np.random.default_rng(0).random((60, 4))
    assert exact_hypervolume(points) == pytest.approx(hypervolume(points, np.ones(4)), rel=1e-12)


def test_points_on_the_reference_and_no_points_hold_nothing() -> None:
    assert exact_hypervolume(np.array([[0.0, 1.0], [1.0, 0.0]])) == 0.0
    assert exact_hypervolume(np.empty((0, 3))) == 0.0


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_what_a_point_adds_is_the_difference_of_two_volumes(objectives: int) -> None:
    points = np.random.default_rng(1).random((20, objectives))
    for point in np.random.default_rng(2).random((5, objectives)):
        added = exact_hypervolume(np.vstack([points, point])) - exact_hypervolume(points)
        assert exclusive_volume(point, points) == pytest.approx(added, abs=1e-12)
