from __future__ import annotations

import math

import pytest
import torch

from surrogates.hyperparameter_grid import MOST_ROWS, average, column_weights
from surrogates.kernels import typical_distance

PRIOR = -2.5, 1.25


def rows(count: int, columns: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def none_faint(columns: int = 3) -> torch.Tensor:
    return torch.zeros(columns, dtype=torch.bool)


def averaged(y, x, faint=None):
    y = (y - y.mean()) / y.std(unbiased=False)
    return average(x, y, torch.zeros_like(y), none_faint(x.shape[-1]) if faint is None else faint, *PRIOR)


def test_noise_is_told_from_a_line():
    x = rows(40)
    quiet = averaged(x.sum(-1), x)
    noisy = averaged(x.sum(-1) + 2.0 * rows(40, 1, seed=1)[:, 0], x)
    # The truth is 0, and 4 / (3 + 4) of the variance.
    assert quiet.extra_noise < 0.01
    assert 0.3 < noisy.extra_noise < 1.0


def test_bends_are_told_from_a_line():
    x = rows(60)
    straight, bent = averaged(x.sum(-1), x).kernel, averaged((2.0 * x[:, 0]).sin() * x[:, 1], x).kernel
    ratio = lambda kernel: (kernel.log_smooth_variance - kernel.log_linear_variance).item()  # noqa: E731
    assert ratio(bent) > ratio(straight) + 1.0


def test_eight_rows_leave_the_hyperparameters_inside_the_grid():
    x = rows(8)
    kernel = averaged(x[:, 0].exp(), x).kernel
    lengths = kernel.smooth.lengthscale.squeeze() / typical_distance(3)
    assert ((lengths >= 1.0) & (lengths <= 2.0)).all()


def test_faint_columns_count_little_until_the_rows_say_that_they_matter():
    x = rows(60, columns=4)
    faint = torch.tensor([False, False, False, True])
    useless, telling = averaged(x[:, :3].sum(-1), x, faint), averaged(x[:, 3], x, faint)
    weights = [
        (belief.kernel.log_slope_weight[3] - belief.kernel.log_slope_weight[0]).exp() for belief in (useless, telling)
    ]
    assert weights[0] < 0.2
    assert weights[1] > 0.6


def test_where_all_columns_are_faint_none_is():
    x = rows(12)
    y = x.sum(-1)
    everything = averaged(y, x, torch.ones(3, dtype=torch.bool))
    assert everything.extra_noise == averaged(y, x).extra_noise


def test_column_weights_have_a_mean_square_of_one():
    weights = column_weights(torch.tensor([False, True, True]), 0.1)
    assert weights.square().mean().item() == pytest.approx(1.0)
    assert (weights[1] / weights[0]).item() == pytest.approx(0.1)


def test_known_noise_is_not_learned_again():
    x = rows(60)
    noise = torch.full((60,), 0.5, dtype=torch.float64)
    y = x.sum(-1) / math.sqrt(6) + 0.5**0.5 * rows(60, 1, seed=1)[:, 0]
    told = average(x, y, noise, none_faint(), *PRIOR)
    untold = average(x, y, torch.zeros_like(noise), none_faint(), *PRIOR)
    assert told.extra_noise < 0.5 * untold.extra_noise


def test_of_many_rows_some_are_asked():
    x = rows(2 * MOST_ROWS)
    y = x.sum(-1) / math.sqrt(3)
    zero = torch.zeros_like(y)
    whole = average(x, y, zero, none_faint(), *PRIOR)
    half = average(x[::2], y[::2], zero[::2], none_faint(), *PRIOR)
    assert whole.extra_noise == half.extra_noise
