"""Maps between the user's units and the standardised space in which surrogates work, with exact moments back."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.errors import SurrogateError

CONSTANT_SCALE = 0.01
"""Assumed spread of an output that never varied, relative to its size: it says nothing about its own scale."""
NEGLIGIBLE = 1e-9
"""A spread below this share of a column's size is rounding, not information."""


@dataclass(frozen=True)
class FeatureScaler:
    """Drops constant columns and scales the rest to mean 0 and standard deviation 1.

    Attributes:
        keep: `k`, indices of the columns that vary (the first column where none does).
        mean: `k`, their means.
        scale: `k`, their standard deviations.
        width: how many columns there are before the drop.
    """

    keep: Tensor
    mean: Tensor
    scale: Tensor
    width: int

    @classmethod
    def fit(cls, x: Tensor) -> FeatureScaler:
        """Returns the scaler of `x: n x d`."""
        mean, scale = x.mean(0), x.std(0, unbiased=False)
        varies = scale > NEGLIGIBLE * (1.0 + mean.abs())
        keep = varies.nonzero().squeeze(-1)
        if keep.numel() == 0:
            keep, scale = torch.zeros(1, dtype=torch.long), torch.ones_like(scale)
        return cls(keep, mean[keep], scale[keep], x.shape[-1])

    def __call__(self, x: Tensor) -> Tensor:
        """Returns `... x k` standardised features of `x: ... x d`.

        Raises:
            SurrogateError: the number of columns differs from the fitted one.
        """
        if x.shape[-1] != self.width:
            raise SurrogateError(
                f"expected features with {self.width} columns as at fit, got {x.shape[-1]}; use the same feature map"
            )
        return (x.to(self.mean.dtype)[..., self.keep] - self.mean) / self.scale


@dataclass(frozen=True)
class OutputTransform:
    """One output's way: units -> transformed (log, or as it is) -> standardised, and back.

    Attributes:
        log: the transformed space is the natural logarithm.
        shift: mean of the transformed training values.
        scale: their standard deviation.
    """

    log: bool
    shift: float
    scale: float

    @classmethod
    def fit(cls, y: Tensor, log: bool) -> OutputTransform:
        """Returns the transform of the finite values `y: n`, in the output's units.

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        transform = cls(log, 0.0, 1.0)
        transformed = transform.transform(y)
        mean, scale = float(transformed.mean()), float(transformed.std(unbiased=False))
        if scale <= NEGLIGIBLE * max(1.0, abs(mean)):
            scale = CONSTANT_SCALE if log or mean == 0.0 else CONSTANT_SCALE * abs(mean)
        return cls(log, mean, scale)

    def transform(self, y: Tensor) -> Tensor:
        """Returns the logarithm of `y`, or `y` itself; any shape, NaN stays NaN.

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        if not self.log:
            return y
        if bool((y <= 0).any()):
            worst = float(y[y <= 0].min())
            raise SurrogateError(
                f"expected positive values of an output on the log scale, got {worst:g}; use log_outputs=False"
            )
        return y.log()

    def untransform(self, transformed: Tensor) -> Tensor:
        """Returns values in the output's units of transformed ones, any shape."""
        return transformed.exp() if self.log else transformed

    def transform_variance(self, y: Tensor, variance: Tensor) -> Tensor:
        """Returns the variance of the transformed value of a mean `y` whose variance is known, any shape.

        On the log scale it is `log1p(variance / y^2)`, exact for a log-normal value; the delta method is its
        first term.

        Source: moments of the log-normal distribution, N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous Univariate
        Distributions" 1, 1994, chapter 14.
        """
        return torch.log1p(variance / y.square()) if self.log else variance

    def standardise(self, transformed: Tensor) -> Tensor:
        """Returns standardised values of transformed ones, any shape."""
        return (transformed - self.shift) / self.scale

    def unstandardise(self, standardised: Tensor) -> Tensor:
        """Returns transformed values of standardised ones, any shape."""
        return standardised * self.scale + self.shift

    def moments(self, mean: Tensor, aleatoric: Tensor, epistemic: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns mean, aleatoric and epistemic variance in the output's units from those of the transformed output.

        For a log output the belief is `f ~ N(mean, epistemic)` and a measurement `exp(f + e)`, `e ~ N(0, aleatoric)`.
        The law of total variance splits its variance exactly: `E[Var(y | f)]` is aleatoric, `Var(E[y | f])` epistemic.

        Source: moments of the log-normal distribution (see `transform_variance`).
        """
        if not self.log:
            return mean, aleatoric, epistemic
        expected = (mean + 0.5 * (aleatoric + epistemic)).exp()
        squared = expected.square()
        return expected, squared * epistemic.exp() * torch.expm1(aleatoric), squared * torch.expm1(epistemic)
