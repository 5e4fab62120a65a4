from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.objectives import objectives_for
from protran.report.hypervolume_history import MOST_PLACES, hypervolume_history

TWO = objectives_for(["error", "latency"], ["local"])
POINTS = st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(1e-5, 1.0)), min_size=1, max_size=25)


def brute_force(points: np.ndarray, reference: np.ndarray, ideal: np.ndarray) -> float:
    """The share of the box that two objectives dominate, swept by hand."""
    cube = np.clip((points - ideal) / np.where(reference > ideal, reference - ideal, 1.0), 0, 1)
    total, best = 0.0, 1.0
    for x, y in sorted(map(tuple, cube)):
        if y < best:
            total += (1 - x) * (best - y)
            best = y
    return total


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_the_end_agrees_with_a_sweep_by_hand_and_the_curve_never_falls(points: list[tuple[float, float]]) -> None:
    found = hypervolume_history(np.array(points), TWO)
    axes = np.array(points)
    axes[:, 1] = np.log(axes[:, 1])
    reference = np.array([found["reference"][0], np.log(found["reference"][1])])
    ideal = np.minimum(axes.min(axis=0), reference)
    assert found["volume"][-1] == pytest.approx(brute_force(axes, reference, ideal), abs=2e-3)
    assert all(later >= earlier - 1e-9 for earlier, later in zip(found["volume"], found["volume"][1:], strict=False))
    assert found["evaluations"] == list(range(1, len(points) + 1))


def test_many_candidates_are_looked_at_in_places_with_both_ends() -> None:
    random = np.random.default_rng(0)
    found = hypervolume_history(random.uniform(0.1, 0.9, (1000, 2)), TWO)
    assert len(found["evaluations"]) == MOST_PLACES
    assert (found["evaluations"][0], found["evaluations"][-1]) == (1, 1000)


def test_what_lies_far_outside_a_budget_is_worth_nothing() -> None:
    points = np.array([[0.2, 0.1], [0.1, 10.0]])
    without = hypervolume_history(points, TWO)
    limited = hypervolume_history(points, TWO, [None, 0.2])
    assert limited["reference"][1] < without["reference"][1]


@pytest.mark.parametrize("objectives", [["error", "latency", "memory", "parameters", "energy"], ["error"]])
def test_too_many_objectives_or_no_points_have_no_history(objectives: list[str]) -> None:
    wanted = objectives_for(objectives, ["local"])
    count = 3 if len(wanted) > 4 else 0
    found = hypervolume_history(np.ones((count, len(wanted))), wanted)
    assert (found["evaluations"], found["volume"]) == ([], [])
