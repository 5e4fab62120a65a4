from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from protran.optimize.improvement import log_expected_excess, log_expected_part


def tensors(*values: float) -> list[torch.Tensor]:
    return [torch.tensor(value, dtype=torch.float64) for value in values]


@pytest.mark.parametrize(("mean", "deviation", "level"), [(0.0, 1.0, 0.0), (1.0, 0.5, 3.0), (2.0, 0.1, -1.0)])
def test_excess_agrees_with_quadrature(mean: float, deviation: float, level: float) -> None:
    density = stats.norm(mean, deviation).pdf
    expected, _ = integrate.quad(lambda y: (y - level) * density(y), level, mean + 12 * deviation, epsabs=1e-14)
    assert log_expected_excess(*tensors(mean, deviation, level)).exp().item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("lower", "upper"), [(-0.5, 0.5), (0.0, 100.0), (1.0, 1.01), (-8.0, -7.0)])
def test_part_agrees_with_quadrature(lower: float, upper: float) -> None:
    above = stats.norm(0.2, 0.6).sf  # E[max(min(Y, u) - l, 0)] is the integral of P(Y > y) from l to u
    expected, _ = integrate.quad(above, lower, min(upper, 10.0), epsabs=1e-14)
    assert log_expected_part(*tensors(0.2, 0.6, lower, upper)).exp().item() == pytest.approx(expected, rel=1e-6)


def test_far_tails_stay_finite_and_climbable() -> None:
    mean = torch.tensor([-1e4, -50.0, -1.0, 0.0, 50.0], dtype=torch.float64, requires_grad=True)
    deviation, lower, upper = tensors(1e-3, 0.0, 1.0)
    values = log_expected_part(mean, deviation, lower, upper)
    (gradient,) = torch.autograd.grad(values.sum(), mean)
    assert torch.isfinite(values).all()
    assert torch.isfinite(gradient).all()
    assert (gradient[:4] > 0).all()


def test_the_branches_meet_without_a_step() -> None:
    for z in (-1.0, -1e5):
        around = torch.tensor([z * (1 + 1e-9), z * (1 - 1e-9)], dtype=torch.float64)
        low, high = log_expected_excess(around, *tensors(1.0, 0.0)).tolist()
        assert low == pytest.approx(high, rel=1e-6)


def test_a_certain_value_fills_its_part() -> None:
    assert log_expected_part(*tensors(0.7, 1e-6, 0.2, 2.0)).item() == pytest.approx(math.log(0.5), rel=1e-6)
    assert log_expected_part(*tensors(5.0, 1e-6, 0.2, 2.0)).item() == pytest.approx(math.log(1.8), rel=1e-6)


def test_gradients_agree_with_finite_differences() -> None:
    mean = torch.as_tensor(np.linspace(-4, 3, 15)).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda m: log_expected_part(m, *tensors(0.5, -0.3, 1.2)), mean)
