"""What a surrogate answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """Belief about `m` outputs at `n` points, in the outputs' own units.

    Attributes:
        mean: `n x m`, the expected value.
        aleatoric_var: `n x m`, variance of the measurement noise (stays however many profiles there are).
        epistemic_var: `n x m`, variance that more profiles would remove (ignorance).
        log_normal: per output, whether the belief is log-normal rather than normal; empty means none.
    """

    mean: Tensor
    aleatoric_var: Tensor
    epistemic_var: Tensor
    log_normal: tuple[bool, ...] = ()

    @property
    def total_var(self) -> Tensor:
        """`n x m`: variance of one new measurement."""
        return self.aleatoric_var + self.epistemic_var

    @property
    def median(self) -> Tensor:
        """`n x m`: as often exceeded as not; the mean where the belief is normal.

        The better guess where it is log-normal: the mean rises with the variance, and of few rows variances are guesses
        themselves. On the published device tables both relative and squared errors are smaller.
        """
        return self._from_normal(self._normal_parameters()[0])

    def interval(self, level: float = 0.9) -> tuple[Tensor, Tensor]:
        """Returns the central interval of one new measurement, lower and upper bound, each `n x m`."""
        z = NormalDist().inv_cdf(0.5 + level / 2)
        location, variance = self._normal_parameters()
        half = z * variance.sqrt()
        return self._from_normal(location - half), self._from_normal(location + half)

    def log_density(self, y: Tensor) -> Tensor:
        """Returns the log density `n x m` of new measurements `y: n x m`; minus infinity where `y` is impossible."""
        location, variance = self._normal_parameters()
        logs = self._log_columns()
        impossible = logs & (y <= 0)
        log_y = torch.where(logs & ~impossible, y, 1.0).log()
        value = torch.where(logs, log_y, y)
        density = -0.5 * ((value - location).square() / variance + variance.log() + math.log(2 * math.pi)) - log_y
        return density.masked_fill(impossible, -math.inf)

    def standard_scores(self, y: Tensor) -> Tensor:
        """Returns how many standard deviations new measurements `y: n x m` are from what is expected, `n x m`.

        On the scale where the belief is normal; infinite where `y` is impossible, NaN where it is missing.
        """
        location, variance = self._normal_parameters()
        value = torch.where(self._log_columns(), y.clamp_min(0.0).log(), y)
        return (value - location) / variance.sqrt()

    def _log_columns(self) -> Tensor:
        """Returns `m` truth values."""
        return torch.tensor(self.log_normal or (False,) * self.mean.shape[-1])

    def _normal_parameters(self) -> tuple[Tensor, Tensor]:
        """Returns location and variance of the normal (of the logarithm where log-normal) with these moments."""
        logs, total = self._log_columns(), self.total_var
        mean = torch.where(logs, self.mean, 1.0)
        log_variance = torch.log1p(total / mean.square())
        return torch.where(logs, mean.log() - 0.5 * log_variance, self.mean), torch.where(logs, log_variance, total)

    def _from_normal(self, value: Tensor) -> Tensor:
        logs = self._log_columns()
        return torch.where(logs, torch.where(logs, value, 0.0).exp(), value)
