from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from protran.dominance import non_dominated
from protran.errors import InputError
from protran.noisy_dominance import confidently_non_dominated, dominance_probability
from protran.quantities import Direction

FEW = st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 1.0, 2.0, 3.0, math.inf, math.nan])
ERRORS = st.sampled_from([0.0, 0.1, 0.5, 2.0, math.nan])
CONFIDENCES = st.sampled_from([0.5, 0.8, 0.95, 0.999])


@st.composite
def noisy_points(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.tuples(st.integers(0, 12), st.integers(1, 4)))
    values = draw(arrays.arrays(np.float64, shape, elements=FEW))
    return values, draw(arrays.arrays(np.float64, shape, elements=ERRORS))


def probability(q: np.ndarray, q_errors: np.ndarray, p: np.ndarray, p_errors: np.ndarray) -> float:
    """The definition, word by word."""
    if np.isnan(q).any() or np.isnan(p).any():
        return 0.0
    total, decided = 1.0, False
    for one, other, one_error, other_error in zip(q, p, np.nan_to_num(q_errors), np.nan_to_num(p_errors), strict=True):
        spread = math.hypot(one_error, other_error)
        if spread == 0:
            total *= float(one <= other)
            decided |= one < other
        else:
            total *= NormalDist().cdf(0.0 if one == other else (other - one) / spread)
            decided = True
    return total if decided else 0.0


def by_brute_force(points: np.ndarray, errors: np.ndarray, confidence: float) -> list[bool]:
    def is_dominated(i: int) -> bool:
        return any(
            (points[j] <= points[i]).all()
            and (points[j] < points[i]).any()
            and probability(points[j], errors[j], points[i], errors[i]) >= confidence - 1e-9
            for j in range(len(points))
        )

    return [not np.isnan(points[i]).any() and not is_dominated(i) for i in range(len(points))]


@settings(deadline=None)
@given(noisy_points(), CONFIDENCES)
def test_ties_equal_points_gaps_and_missing_errors_are_as_the_definition_says(
    drawn: tuple[np.ndarray, np.ndarray], confidence: float
) -> None:
    points, errors = drawn
    assert confidently_non_dominated(points, errors, confidence).tolist() == by_brute_force(points, errors, confidence)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4), st.floats(0.01, 1.0), st.integers(0, 2**32 - 1))
def test_many_points_are_compared_in_pieces_as_the_definition_says(m: int, noise: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    points, errors = generator.random((60, m)), noise * generator.random((60, m))
    assert confidently_non_dominated(points, errors, 0.9).tolist() == by_brute_force(points, errors, 0.9)


@given(noisy_points(), CONFIDENCES)
def test_whoever_is_on_the_front_by_the_values_is_on_it_under_noise(
    drawn: tuple[np.ndarray, np.ndarray], confidence: float
) -> None:
    points, errors = drawn
    plain, confident = non_dominated(points), confidently_non_dominated(points, errors, confidence)
    assert (confident | ~plain).all()


@given(noisy_points())
def test_without_errors_the_rule_is_the_plain_one(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    points = drawn[0]
    assert confidently_non_dominated(points, np.zeros_like(points)).tolist() == non_dominated(points).tolist()


@given(noisy_points(), CONFIDENCES)
def test_to_maximise_is_to_minimise_the_negative(drawn: tuple[np.ndarray, np.ndarray], confidence: float) -> None:
    points, errors = drawn
    directions = [Direction.MAXIMISE] * points.shape[1]
    maximised = confidently_non_dominated(points, errors, confidence, directions)
    assert maximised.tolist() == confidently_non_dominated(-points, errors, confidence).tolist()


@pytest.mark.parametrize("infinite", [-math.inf, math.inf])
def test_of_two_infinite_values_neither_is_surely_better(infinite: float) -> None:
    points, errors = [[-1.0, infinite], [-50.0, infinite]], [[0.1, 0.1]] * 2
    assert confidently_non_dominated(points, errors, 0.8).tolist() == [True, True]
    assert confidently_non_dominated(points, [[0.1, 0.0]] * 2, 0.8).tolist() == [False, True]


def test_equal_points_do_not_dominate_each_other_however_low_the_confidence() -> None:
    points, errors = [[-1.0, -1.0, -1.0]] * 2 + [[-1.0, -1.0, -2.0]], [[0.1, 0.0, 0.0], [0.0] * 3, [0.0, 0.1, 0.0]]
    assert confidently_non_dominated(points, errors, 0.5).tolist() == [True, False, True]


def test_one_who_is_hardly_worse_stays_and_one_who_is_surely_worse_leaves() -> None:
    points, errors = [[1.0, 1.0], [1.1, 1.1], [2.0, 2.0]], [[0.1, 0.0]] * 3
    assert confidently_non_dominated(points, errors, 0.95).tolist() == [True, True, False]


def test_the_probability_is_the_product_over_the_objectives() -> None:
    (found,) = dominance_probability([1.0, 2.0], [0.3, 0.0], [2.0, 4.0], [0.4, 1.0])
    assert found == pytest.approx(NormalDist().cdf(2.0) ** 2)


def test_an_equal_point_without_errors_dominates_with_no_probability() -> None:
    assert dominance_probability([[1.0], [1.0]], [[0.0], [1.0]], [[1.0], [1.0]], [[0.0], [0.0]]).tolist() == [0.0, 0.5]


def test_directions_may_differ() -> None:
    directions = [Direction.MINIMISE, Direction.MAXIMISE]
    assert dominance_probability([1.0, 5.0], [0.0, 0.0], [1.0, 4.0], [0.0, 0.0], directions).tolist() == [1.0]


@pytest.mark.parametrize("confidence", [0.3, 1.0, math.nan])
def test_a_confidence_is_a_probability(confidence: float) -> None:
    with pytest.raises(InputError, match=r"from 0.5 to below 1"):
        confidently_non_dominated([[1.0]], [[0.1]], confidence)


def test_errors_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"standard errors of shape \(2, 1\), got \(1, 1\)"):
        confidently_non_dominated([[1.0], [2.0]], [[0.1]])
