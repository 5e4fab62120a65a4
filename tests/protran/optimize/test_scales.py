from __future__ import annotations

import numpy as np
import pytest
import torch

from protran.optimize.scales import Scale


@pytest.mark.parametrize("scale", Scale)
def test_backward_undoes_forward(scale: Scale) -> None:
    values = np.array([0.01, 0.2, 0.5, 0.9])
    back = scale.backward(torch.as_tensor(scale.forward(values)))
    np.testing.assert_allclose(back.numpy(), values)


@pytest.mark.parametrize("scale", Scale)
def test_missing_values_stay_missing(scale: Scale) -> None:
    assert np.isnan(scale.forward(np.array([np.nan, 0.3]))).tolist() == [True, False]


@pytest.mark.parametrize("scale", Scale)
def test_variances_are_those_of_small_draws(scale: Scale) -> None:
    value, deviation = 0.3, 1e-3
    draws = np.random.default_rng(0).normal(value, deviation, 20_000)
    expected = scale.forward(draws).var()
    assert scale.variance(np.array(value), np.array(deviation**2)) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("scale", Scale)
@pytest.mark.parametrize("axis", Scale)
def test_converting_equals_going_through_the_value(scale: Scale, axis: Scale) -> None:
    values = np.array([0.05, 0.4, 0.7])
    converted = scale.convert(torch.as_tensor(scale.forward(values)), axis)
    np.testing.assert_allclose(converted.numpy(), axis.forward(values))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_rates_of_nought_and_one_stay_finite(value: float) -> None:
    assert np.isfinite(Scale.LOGIT.forward(np.array(value)))
    assert np.isfinite(Scale.LOGIT.variance(np.array(value), np.array(1e-4)))
