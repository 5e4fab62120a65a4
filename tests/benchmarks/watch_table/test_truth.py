"""Estimates of errors without noise, against values made by hand and drawn by lot."""

import numpy as np
import pytest
import torch

from benchmarks.watch_table.truth import between_seeds, estimates, held_out, means_of
from protran.errors import InputError
from surrogates.prediction import Prediction

NAN = np.nan


class Line:
    """Predicts a straight line in the first feature, fitted by least squares."""

    def fit(self, x, y, y_var=None):
        self.solution = torch.linalg.lstsq(torch.stack([torch.ones(len(x)), x[:, 0]], dim=-1).double(), y).solution

    def predict(self, x):
        mean = torch.stack([torch.ones(len(x)), x[:, 0]], dim=-1).double() @ self.solution
        return Prediction(mean, torch.zeros_like(mean), torch.zeros_like(mean))


class Nonsense(Line):
    """Predicts something far off."""

    def predict(self, x):
        mean = torch.full((len(x), 1), 100.0, dtype=torch.float64)
        return Prediction(mean, torch.zeros_like(mean), torch.zeros_like(mean))


def drawn(count=2000, seeds=2, noise=0.1, off=0.05):
    """Returns features, errors without noise, and scores of single trainings."""
    generator = np.random.default_rng(1)
    x = generator.uniform(size=(count, 1))
    truth = 1.0 + x[:, 0] + off * generator.standard_normal(count)
    return x, truth, truth[:, None] + noise * generator.standard_normal((count, seeds))


def test_the_variance_between_seeds_is_pooled_over_candidates_with_two_or_more():
    scores = np.array([[1.0, 3.0, NAN], [1.0, 2.0, 3.0], [7.0, NAN, NAN], [NAN, NAN, NAN]])
    assert between_seeds(scores) == pytest.approx((2.0 + 2.0) / 3)


def test_without_a_second_seed_nothing_is_known_of_the_noise():
    scores = np.array([[1.0, NAN], [2.0, NAN]])
    assert np.isnan(between_seeds(scores))
    with pytest.raises(InputError, match="train a second seed"):
        estimates(scores, np.zeros((2, 1)), {})


def test_means_are_over_what_there_is():
    np.testing.assert_array_equal(means_of(np.array([[1.0, 3.0], [NAN, 5.0], [NAN, NAN]])), [2.0, 5.0, NAN])


def test_expected_errors_are_those_that_the_truth_shows():
    x, truth, scores = drawn()
    found = estimates(scores, x, {"line": Line})
    assert [one.name for one in found] == ["mean + line", "line", "mean"]
    for one in found:
        assert one.squared_error == pytest.approx(float(((one.values - truth) ** 2).mean()), rel=0.1)


def test_the_mean_is_drawn_towards_a_prediction_by_their_errors():
    x, _, scores = drawn(noise=0.1, off=0.05)  # noise of a mean of two: .005; of the line: .0025
    both, line, mean = estimates(scores, x, {"line": Line})
    weight = ((both.values - line.values) / (mean.values - line.values)).mean()
    assert weight == pytest.approx(0.0025 / 0.0075, abs=0.03)


def test_a_useless_prediction_leaves_the_mean_as_it_is():
    x, _, scores = drawn(count=50)
    best = estimates(scores, x, {"nonsense": Nonsense})[0]
    np.testing.assert_allclose(best.values, scores.mean(axis=1), rtol=1e-3)


def test_a_candidate_with_fewer_trainings_is_drawn_further_and_one_without_any_has_no_value():
    x, _, scores = drawn(count=100)
    scores[0, 1], scores[1] = NAN, NAN
    best = {one.name: one.values for one in estimates(scores, x, {"line": Line})}
    assert np.isnan(best["mean + line"][1])
    shares = (best["mean + line"] - best["line"]) / (best["mean"] - best["line"])
    assert shares[0] < shares[2] == pytest.approx(shares[3])


def test_a_prediction_does_not_see_its_own_candidate():
    x, _, scores = drawn(count=60)
    changed = scores.copy()
    changed[7] += 10.0
    before, after = (estimates(table, x, {"line": Line}, 0.01) for table in (scores, changed))
    before, after = (next(one.values for one in found if one.name == "line") for found in (before, after))
    assert after[7] == before[7]
    assert not np.allclose(before, after)


def test_a_seed_held_out_tells_the_error_of_estimates_from_the_others():
    x, _, scores = drawn(seeds=3)
    told = held_out(scores, x, {"line": Line})
    assert told["mean"] == pytest.approx(0.1**2 / 2, rel=0.15)
    assert told["line"] == pytest.approx(0.05**2, rel=0.2)
    assert told["mean + line"] < min(told["mean"], told["line"])
