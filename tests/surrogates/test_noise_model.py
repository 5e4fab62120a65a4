from __future__ import annotations

import pytest
import torch

from surrogates.noise_model import NoiseModel


def sampled(count: int, seed: int, repeats: int = 5):
    """Variances estimated from few repeats, whose truth is `exp(1.5 x - 2)` in the first of three features."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    truth = (1.5 * x[:, 0] - 2.0).exp()
    draws = truth.sqrt().unsqueeze(-1) * torch.randn(count, repeats, generator=generator, dtype=torch.float64)
    return x, draws.var(-1), truth


def test_a_trend_of_the_noise_is_found_from_noisy_variances():
    x, variance, _ = sampled(40, seed=0)
    x_new, _, truth = sampled(200, seed=1)
    ratio = NoiseModel.fit(x, variance)(x_new) / truth
    assert 0.7 < ratio.median() < 1.4
    assert ((ratio > 0.4) & (ratio < 2.5)).double().mean() > 0.95


def test_noise_without_a_trend_is_predicted_nearly_constant():
    x, variance, truth = sampled(30, seed=0)
    predicted = NoiseModel.fit(x, variance / truth)(x)
    assert predicted.mean().item() == pytest.approx(1.0, rel=0.35)
    assert predicted.max() / predicted.min() < 3.0


def test_predicted_and_known_variances_agree_on_average():
    x, variance, _ = sampled(30, seed=0)
    assert (variance / NoiseModel.fit(x, variance)(x)).mean().item() == pytest.approx(1.0, rel=0.15)


def test_far_away_the_noise_stays_in_the_range_that_was_seen():
    x, variance, _ = sampled(30, seed=0)
    model = NoiseModel.fit(x, variance)
    assert torch.allclose(model(torch.full((1, 3), 1e3).double()), variance.max())
    assert torch.allclose(model(torch.full((1, 3), -1e3).double()), variance.min())


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_rows_give_the_mean_variance(count):
    x, variance, _ = sampled(count, seed=0)
    assert torch.allclose(NoiseModel.fit(x, variance)(x), variance.mean().expand(count))


def test_variances_of_zero_are_allowed():
    x, variance, _ = sampled(10, seed=0)
    assert (NoiseModel.fit(x, torch.zeros_like(variance))(x) <= 1e-11).all()
