from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from surrogates.prediction import Prediction


def prediction(log_normal: tuple[bool, ...] = ()) -> Prediction:
    """Two outputs: mean 2 and 3, variance .3 + .2 and .1 + .4."""
    part = lambda *values: torch.tensor([values], dtype=torch.float64)  # noqa: E731
    return Prediction(part(2.0, 3.0), part(0.3, 0.1), part(0.2, 0.4), log_normal)


def test_the_interval_of_a_normal_belief_has_the_quantiles_of_the_normal():
    low, high = prediction().interval(0.8)
    expected = stats.norm(2.0, math.sqrt(0.5)).interval(0.8)
    assert (low[0, 0].item(), high[0, 0].item()) == pytest.approx(expected)


def log_normal_oracle(mean: float, variance: float):
    sigma = math.sqrt(math.log1p(variance / mean**2))
    return stats.lognorm(sigma, scale=mean * math.exp(-0.5 * sigma**2))


def test_a_log_normal_belief_has_its_own_quantiles_and_moments():
    low, high = prediction((False, True)).interval(0.9)
    oracle = log_normal_oracle(3.0, 0.5)
    assert (oracle.mean(), oracle.var()) == pytest.approx((3.0, 0.5))
    assert (low[0, 1].item(), high[0, 1].item()) == pytest.approx(oracle.interval(0.9))
    assert low[0, 0].item() == pytest.approx(stats.norm(2.0, math.sqrt(0.5)).ppf(0.05))


def test_the_log_density_is_that_of_the_belief():
    y = torch.tensor([[1.5, 2.5]], dtype=torch.float64)
    density = prediction((False, True)).log_density(y)
    assert density[0, 0].item() == pytest.approx(stats.norm(2.0, math.sqrt(0.5)).logpdf(1.5))
    assert density[0, 1].item() == pytest.approx(log_normal_oracle(3.0, 0.5).logpdf(2.5))


def test_a_negative_value_is_impossible_under_a_log_normal_belief_only():
    density = prediction((False, True)).log_density(torch.full((1, 2), -1.0, dtype=torch.float64))
    assert density[0, 0] > -math.inf
    assert density[0, 1] == -math.inf


def test_the_median_of_a_log_normal_belief_is_below_its_mean_and_a_normal_one_s_is_its_mean():
    median = prediction((False, True)).median
    assert median[0, 0].item() == pytest.approx(2.0)
    assert median[0, 1].item() == pytest.approx(log_normal_oracle(3.0, 0.5).median())


def test_standard_scores_are_quantiles_of_the_standard_normal_distribution():
    y = torch.tensor([[1.5, 2.5]], dtype=torch.float64)
    scores = prediction((False, True)).standard_scores(y)[0].tolist()
    shares = [stats.norm(2.0, math.sqrt(0.5)).cdf(1.5), log_normal_oracle(3.0, 0.5).cdf(2.5)]
    assert scores == pytest.approx([stats.norm.ppf(share) for share in shares])
