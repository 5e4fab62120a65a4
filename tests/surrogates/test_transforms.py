from __future__ import annotations

import math

import pytest
import torch

from surrogates.errors import SurrogateError
from surrogates.transforms import FeatureScaler, OutputTransform


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_scaled_features_have_mean_zero_and_deviation_one_without_constant_columns():
    x = torch.stack([tensor(1, 2, 3), tensor(7, 7, 7), tensor(-1e6, 0, 2e6)], dim=-1)
    scaled = FeatureScaler.fit(x)(x)
    assert scaled.shape == (3, 2)
    assert torch.allclose(scaled.mean(0), tensor(0, 0), atol=1e-12)
    assert torch.allclose(scaled.std(0, unbiased=False), tensor(1, 1))


def test_where_no_feature_varies_one_column_remains():
    assert torch.equal(
        FeatureScaler.fit(torch.full((4, 3), 2.0).double())(torch.full((1, 3), 5.0)), tensor(3.0).reshape(1, 1)
    )


def test_moments_of_a_log_output_are_those_of_drawn_values():
    transform = OutputTransform(log=True, shift=0.0, scale=1.0)
    mean, aleatoric, epistemic = 0.3, 0.05, 0.2
    generator = torch.Generator().manual_seed(0)
    latent = mean + math.sqrt(epistemic) * torch.randn(2_000, 1, generator=generator, dtype=torch.float64)
    y = (latent + math.sqrt(aleatoric) * torch.randn(2_000, 1_000, generator=generator, dtype=torch.float64)).exp()
    expected = transform.moments(tensor(mean), tensor(aleatoric), tensor(epistemic))
    assert expected[0].item() == pytest.approx(y.mean().item(), rel=0.03)
    assert expected[1].item() == pytest.approx(y.var(1).mean().item(), rel=0.06)
    assert expected[2].item() == pytest.approx(y.mean(1).var().item(), rel=0.1)


def test_the_parts_of_the_variance_add_up_to_that_of_the_log_normal():
    mean, aleatoric, epistemic = tensor(-2.0), tensor(0.4), tensor(0.9)
    moments = OutputTransform(log=True, shift=0.0, scale=1.0).moments(mean, aleatoric, epistemic)
    total = (aleatoric + epistemic).exp().sub(1) * (2 * mean + aleatoric + epistemic).exp()
    assert torch.allclose(moments[1] + moments[2], total)


def test_a_variance_goes_to_the_log_scale_and_back_exactly():
    transform = OutputTransform(log=True, shift=0.0, scale=1.0)
    variance = transform.transform_variance(tensor(4.0), tensor(9.0))
    location = tensor(4.0).log() - variance / 2
    mean, aleatoric, epistemic = transform.moments(location, variance, tensor(0.0))
    assert mean.item() == pytest.approx(4.0)
    assert aleatoric.item() == pytest.approx(9.0)
    assert epistemic.item() == 0.0


@pytest.mark.parametrize("log", [True, False])
def test_standardised_values_have_mean_zero_and_deviation_one_and_come_back(log):
    y = tensor(0.001, 0.01, 5.0)
    transform = OutputTransform.fit(y, log)
    standardised = transform.standardise(transform.transform(y))
    assert standardised.mean().item() == pytest.approx(0.0, abs=1e-12)
    assert standardised.std(unbiased=False).item() == pytest.approx(1.0)
    assert torch.allclose(transform.untransform(transform.unstandardise(standardised)), y)


@pytest.mark.parametrize(("log", "value", "scale"), [(True, 5.0, 0.01), (False, -5.0, 0.05), (False, 0.0, 0.01)])
def test_an_output_that_never_varied_is_given_one_percent(log, value, scale):
    assert OutputTransform.fit(tensor(value, value), log).scale == pytest.approx(scale)


def test_a_logarithm_of_what_is_not_positive_is_refused():
    with pytest.raises(SurrogateError, match=r"expected positive values .* got -2; use log_outputs=False"):
        OutputTransform.fit(tensor(1.0, -2.0, 0.0), log=True)
