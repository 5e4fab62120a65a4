"""Figures of noise against values made by hand."""

import math

import numpy as np
import pytest

from benchmarks.watch_table.figures import quartiles, rank_correlation, repeat_figures, seed_figures, size_figures

NAN = np.nan
SCORES = np.array([[1.0, 3.0], [4.0, 6.0], [8.0, 10.0], [5.0, NAN]])


def test_noise_is_what_seeds_differ_by_next_to_what_candidates_differ_by():
    figures = seed_figures(SCORES)
    assert (figures["candidates"], figures["with_every_seed"], figures["trainings"]) == (4, 3, 7)
    assert figures["between_seeds"] == pytest.approx(math.sqrt(2))
    variance = np.var([1, 4, 8], ddof=1)
    assert figures["between_candidates"] == pytest.approx(math.sqrt(variance))
    assert figures["noise_share"] == pytest.approx(2 / variance)
    assert figures["rank_correlation"] == pytest.approx(1)
    assert (figures["mean_of_seed_0"], figures["mean_of_seed_1"]) == pytest.approx((13 / 3, 19 / 3))


def test_one_seed_tells_nothing_of_noise():
    assert set(seed_figures(SCORES[:, :1])) == {"candidates", "with_every_seed", "trainings", "mean_of_seed_0"}


def test_noise_of_small_and_large_candidates_is_told_apart():
    scores = np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 4.0], [0.0, 4.0]])
    figures = size_figures(scores, np.array([10.0, 20.0, 30.0, 40.0]))
    assert figures["between_seeds_smaller_half"] == pytest.approx(math.sqrt(2))
    assert figures["between_seeds_larger_half"] == pytest.approx(math.sqrt(8))


def test_a_half_of_single_trainings_is_left_out():
    scores = np.array([[0.0, 2.0], [0.0, NAN]])
    assert list(size_figures(scores, np.array([10.0, 20.0]))) == ["between_seeds_smaller_half"]


def test_ranks_are_compared_over_all_pairs_of_columns():
    columns = np.array([[1.0, 1.0, 3.0], [2.0, 2.0, 2.0], [3.0, 3.0, 1.0]])
    assert rank_correlation(columns) == pytest.approx((1 - 1 - 1) / 3)


def test_repeats_are_compared_relative_to_their_mean_and_to_what_they_state():
    values = np.array([[0.95, 1.05], [1.9, 2.1], [10.0, 10.0], [1.0, NAN]])
    stderr = np.array([[0.06, 0.08], [0.03, 0.04], [1.0, 1.0], [0.1, NAN]])
    figures = repeat_figures(values, stderr)
    assert (figures["candidates"], figures["with_every_repeat"]) == (4, 3)
    assert figures["off_median"] == pytest.approx(0.1)
    assert figures["off_q1"] == pytest.approx(0.05)
    assert figures["drift"] == pytest.approx(0.1)
    assert figures["scores_within_2"] == pytest.approx(2 / 3)  # .1 / .1 and 0 are, .2 / .05 is not
    assert figures["spread"] == pytest.approx(10)


def test_quartiles_leave_out_what_is_no_number():
    assert quartiles("x", np.array([1.0, 2.0, 3.0, NAN])) == {"x_q1": 1.5, "x_median": 2.0, "x_q3": 2.5}
