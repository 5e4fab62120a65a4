"""Hyperparameters averaged over a grid rather than maximised: what a few rows can say about a Gaussian process."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.kernels import LEVEL_VARIANCE, TrendKernel, typical_distance

LINEAR_VARIANCES = (0.3, 1.0, 3.0)
SMOOTH_VARIANCES = (0.03, 0.1, 0.3, 1.0)
LENGTHSCALES = (1.0, 2.0)
"""In units of the typical distance of two points."""
EXTRA_NOISES = tuple(10.0 ** (k / 2) for k in range(-9, 1))
FAINT_WEIGHTS = (0.01, 0.1, 0.3, 1.0)
FAINT_LOG_PRIORS = (0.0, 0.0, -1.0, -2.0)
"""How far columns that are expected to say little are shrunk, and how likely that is beforehand, up to a constant."""
SCALE_SHAPE = 2.0
"""Shape of the inverse-gamma prior, of mean about 1, of the factor on all variances; it is integrated out."""
MOST_ROWS = 100
"""Of more rows, this many evenly spread ones are asked: they say enough about a handful of numbers."""


@dataclass(frozen=True)
class Averaged:
    """Posterior mean of the log hyperparameters over the grid.

    Attributes:
        kernel: has them.
        extra_noise: variance that the known ones leave out.
    """

    kernel: TrendKernel
    extra_noise: float


@dataclass(frozen=True)
class _Scores:
    """Settings of the grid as log hyperparameters `g x 5`, how likely each is `g` and its factor on variances `g`."""

    settings: Tensor
    evidence: Tensor
    factor: Tensor


@torch.no_grad()
def average(x: Tensor, y: Tensor, known_noise: Tensor, faint: Tensor, log_mean: float, log_sd: float) -> Averaged:
    """Returns the hyperparameters that the rows leave likely, averaged on the log scale.

    Maximised, they overfit eight rows; averaged, a single process stays that predicts as the average of all does.

    Source: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, sections 2.7 and 5.2;
    A. O'Hagan, "Some Bayesian Numerical Analysis", Bayesian Statistics 4, 1992, for the factor that is integrated out.

    Args:
        x: `n x d`, standardised features.
        y: `n`, standardised values.
        known_noise: `n`, known variance of each value, standardised.
        faint: `d`, whether a column is expected to say little.
        log_mean: location of the prior of the log of the extra noise.
        log_sd: its standard deviation.
    """
    asked = torch.arange(0, len(x), math.ceil(len(x) / MOST_ROWS))
    x, y, known_noise = x[asked], y[asked], known_noise[asked]
    some_faint = bool(faint.any()) and not bool(faint.all())
    shrunk = zip(FAINT_WEIGHTS, FAINT_LOG_PRIORS, strict=True) if some_faint else [(1.0, 0.0)]
    parts = [_scores(x * column_weights(faint, weight), y, known_noise, weight, prior) for weight, prior in shrunk]
    settings = torch.cat([part.settings for part in parts])
    deviation = (settings[:, -1] - log_mean) / log_sd
    share = torch.softmax(torch.cat([part.evidence for part in parts]) - 0.5 * deviation.square(), dim=0)
    linear, smooth, lengthscale, weight, noise = (share @ settings).tolist()
    factor = float(share @ torch.cat([part.factor for part in parts]).log())
    kernel = TrendKernel(x.shape[-1])
    columns = column_weights(faint, math.exp(weight))
    kernel.log_linear_variance.fill_(linear + factor)
    kernel.log_smooth_variance.fill_(smooth + factor)
    kernel.log_slope_weight.copy_(columns.log())
    kernel.smooth.lengthscale = math.exp(lengthscale) * typical_distance(x.shape[-1]) / columns
    return Averaged(kernel, math.exp(noise + factor))


def column_weights(faint: Tensor, weight: float) -> Tensor:
    """Returns a factor for each column, `d`: `weight` times that of others for the faint, mean square 1."""
    factors = torch.where(faint, weight, 1.0).double()
    return factors / factors.square().mean().sqrt()


def _scores(x: Tensor, y: Tensor, known_noise: Tensor, weight: float, log_prior: float) -> _Scores:
    """Returns the settings with one weight of faint columns; `x: n x d` is weighted already."""
    count, dimension = x.shape
    linear_part = x @ x.T / dimension
    unit = TrendKernel(dimension)
    unit.smooth.lengthscale = typical_distance(dimension)
    smooth_parts = {length: unit.smooth.forward(x / length, x / length) for length in LENGTHSCALES}
    base = LEVEL_VARIANCE + known_noise.diag()
    shapes = list(itertools.product(LINEAR_VARIANCES, SMOOTH_VARIANCES, LENGTHSCALES))
    covariances = torch.stack([base + a * linear_part + b * smooth_parts[length] for a, b, length in shapes])
    values, vectors = torch.linalg.eigh(covariances)  # (s, n), (s, n, n)
    noises = torch.tensor(EXTRA_NOISES, dtype=x.dtype)
    spectrum = values.clamp_min(0.0).unsqueeze(1) + noises.unsqueeze(-1)  # (s, e, n)
    squares = ((vectors.transpose(-1, -2) @ y).square().unsqueeze(1) / spectrum).sum(-1)
    factor = (SCALE_SHAPE + 0.5 * squares) / (SCALE_SHAPE + 0.5 * count)
    evidence = -0.5 * spectrum.log().sum(-1) - (SCALE_SHAPE + 0.5 * count) * factor.log() + log_prior
    settings = torch.tensor([(*shape, weight, noise) for shape in shapes for noise in EXTRA_NOISES], dtype=x.dtype)
    return _Scores(settings.log(), evidence.flatten(), factor.flatten())
