from __future__ import annotations

import pytest
import torch
from torch.nn.functional import softplus

from surrogates.normal_moments import sigmoid_moments, softplus_moments

SAMPLES = 200_000


def normal(count: int):
    return torch.randn(count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def sampled(function, mean: float, variance: float) -> tuple[float, float]:
    values = function(mean + variance**0.5 * normal(SAMPLES))
    return values.mean().item(), values.var().item()


def scalar(moments, mean: float, variance: float) -> tuple[float, float]:
    answer = moments(torch.tensor(mean).double(), torch.tensor(variance).double())
    return answer[0].item(), answer[1].item()


@pytest.mark.parametrize("variance", [0.01, 0.5, 2.0])
@pytest.mark.parametrize("mean", [-3.0, -0.5, 0.0, 2.0])
@pytest.mark.parametrize(("moments", "function"), [(sigmoid_moments, torch.sigmoid), (softplus_moments, softplus)])
def test_moments_after_an_activation_are_those_of_samples(moments, function, mean, variance):
    expected, spread = sampled(function, mean, variance)
    got, got_spread = scalar(moments, mean, variance)
    assert got == pytest.approx(expected, abs=0.035)
    assert got_spread**0.5 == pytest.approx(spread**0.5, rel=0.15)


@pytest.mark.parametrize("moments", [sigmoid_moments, softplus_moments])
def test_what_does_not_vary_before_an_activation_does_not_vary_after_it(moments):
    mean = torch.linspace(-4, 4, 9, dtype=torch.float64)
    function = torch.sigmoid if moments is sigmoid_moments else softplus
    after, variance = moments(mean, torch.zeros_like(mean))
    assert torch.allclose(after, function(mean))
    assert (variance == 0).all()


@pytest.mark.parametrize("moments", [sigmoid_moments, softplus_moments])
def test_gradients_of_the_moments_are_those_of_finite_differences(moments):
    mean = torch.linspace(-3, 3, 5, dtype=torch.float64, requires_grad=True)
    variance = torch.linspace(0.1, 2, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(moments, (mean, variance))
