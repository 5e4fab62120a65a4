"""How the measurement noise changes with the features: known log variances, interpolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

SMALLEST_VARIANCE = 1e-12
"""Floor of a known variance in standardised units, so that its logarithm exists."""
FEWEST_ROWS_FOR_A_TREND = 6
TREND_RATIOS = tuple(10.0 ** (k / 2) for k in range(-6, 7))
"""Candidates for the prior variance of the trend over the scatter of the log variances about it."""


@dataclass(frozen=True)
class NoiseModel:
    """Variance of a measurement at new features: `exp(level + x . slope)`, kept inside the range that was seen.

    Attributes:
        slope: `d`, per standardised feature.
        level: log variance at the mean of the features.
        lowest: smallest log variance seen.
        highest: largest log variance seen.
    """

    slope: Tensor
    level: float
    lowest: float
    highest: float

    @classmethod
    def fit(cls, x: Tensor, variance: Tensor) -> NoiseModel:
        """Returns the model of the known variances `variance: n` at standardised features `x: n x d`.

        Log variances get a ridge trend whose strength is chosen by marginal likelihood. An estimated log variance is
        biased low, so the level is then raised until predicted and known variances agree on average (smearing).

        Source: N. Duan, "Smearing Estimate: A Nonparametric Retransformation Method", JASA 78, 1983.
        """
        logs = variance.clamp_min(SMALLEST_VARIANCE).log()
        slope = _ridge(x, logs - logs.mean())
        fitted = logs.mean() + (x - x.mean(0)) @ slope
        smearing = (logs - fitted).exp().mean().log()
        level = float(logs.mean() - x.mean(0) @ slope + smearing)
        return cls(slope, level, float(logs.min()), float(logs.max()))

    @classmethod
    def of_known(cls, x: Tensor, variance: Tensor) -> tuple[NoiseModel | None, Tensor]:
        """Returns the model of those variances `variance: n` that are known, and all of them, `n`.

        Unknown ones (NaN) are presumed like the known ones; where none is known there is no model, and they are 0.
        """
        known = variance.isfinite()
        model = cls.fit(x[known], variance[known]) if bool(known.any()) else None
        presumed = torch.zeros_like(variance) if model is None else model(x)
        return model, torch.where(known, variance, presumed)

    def __call__(self, x: Tensor) -> Tensor:
        """Returns the variance `...` of one measurement at standardised features `x: ... x d`."""
        return (self.level + x @ self.slope).clamp(self.lowest, self.highest).exp()


def packed_noise(model: NoiseModel | None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Returns the tensors and the settings from which `unpacked_noise` builds an equal model; none for none."""
    if model is None:
        return {}, {}
    settings = {"level": model.level, "lowest": model.lowest, "highest": model.highest}
    return {"noise_slope": model.slope}, {"noise_model": settings}


def unpacked_noise(tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> NoiseModel | None:
    """Returns the model that `packed_noise` described, among whatever else there is."""
    if "noise_model" not in settings:
        return None
    return NoiseModel(tensors["noise_slope"], **settings["noise_model"])


def _ridge(x: Tensor, residual: Tensor) -> Tensor:
    """Returns the slope `d` of centred `residual: n`, zero where the evidence prefers none.

    Source: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 2.30, with the
    overall scale maximised in closed form.
    """
    count, dimension = x.shape
    slope = torch.zeros(dimension, dtype=x.dtype)
    spread = residual.square().sum()
    if count < FEWEST_ROWS_FOR_A_TREND or spread <= 0:
        return slope
    centred = x - x.mean(0)
    left, sizes, right = torch.linalg.svd(centred, full_matrices=False)  # linear in the number of rows
    shadow = left.T @ residual
    best = -0.5 * count * spread.log()
    for ratio in TREND_RATIOS:
        gain = ratio / dimension * sizes.square()
        unexplained = spread - (shadow.square() * gain / (1.0 + gain)).sum()
        evidence = -0.5 * count * unexplained.log() - 0.5 * gain.log1p().sum()
        if evidence > best:
            best, slope = evidence, ratio / dimension * (right.T @ (sizes * shadow / (1.0 + gain)))
    return slope
