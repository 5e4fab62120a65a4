from __future__ import annotations

import pytest
import torch

from protran.evaluate.active_limit import limit
from surrogates.gaussian_process import GaussianProcess
from surrogates.kernels import TrendKernel

NOISE = 0.5


@pytest.fixture(scope="module")
def process() -> GaussianProcess:
    """A level and a slope, and next to nothing that bends."""
    kernel, x = TrendKernel(1), torch.zeros(1, 1, dtype=torch.float64)
    with torch.no_grad():
        kernel.log_smooth_variance.fill_(-30.0)
    return GaussianProcess.condition(kernel, x, torch.zeros(1).double(), torch.zeros(1).double(), NOISE)


@pytest.fixture(scope="module")
def pool() -> torch.Tensor:
    return torch.linspace(-1.7, 1.7, 101, dtype=torch.float64).unsqueeze(-1)  # variance 1


def test_for_a_slope_the_best_rows_are_at_the_ends_and_fewer_of_them_do(process: GaussianProcess, pool: torch.Tensor):
    found = limit(process, pool, pool, random=40, few=20, seed=0)
    # of the two variances, level and slope, the ends lower the slope's three times as fast: (1 + 1/3) / 2 of 40
    assert found.needed == pytest.approx(27, abs=3)


def test_the_best_rows_err_less_than_as_few_random_ones(process: GaussianProcess, pool: torch.Tensor):
    found = limit(process, pool, pool, random=40, few=20, seed=0)
    assert 1.0 < found.ratio < found.random_ratio == pytest.approx(2**0.5, rel=0.1)


def test_where_only_noise_is_left_no_choice_helps(process: GaussianProcess):
    same = torch.zeros(50, 1, dtype=torch.float64)
    found = limit(process, same, same, random=20, few=5, seed=0)
    assert found.needed == 20
    assert found.ratio == pytest.approx(found.random_ratio)
