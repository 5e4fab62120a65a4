"""Estimates from noisy repeated samples: medians with standard errors from contiguous blocks.

Samples taken one after the other are not independent (a neighbour on the machine works for a while, then stops), so
the scatter of single samples understates the error of their mean. Contiguous blocks keep that drift inside themselves
and show it between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BLOCKS = 12
MINIMUM_PER_BLOCK = 5  # the median of fewer is nearly a mean, whose scatter is smaller than a median's
MEDIAN_INEFFICIENCY = math.sqrt(math.pi / 2)
"""Standard deviation of the median over that of the mean, for many normal samples.

Source: Kenney and Keeping, "Mathematics of Statistics", part 2, section 7.9 (asymptotic variance of the median).
"""


@dataclass(frozen=True)
class Estimate:
    """A value, its standard error, and the block medians behind it, all in one unit."""

    value: float
    stderr: float
    blocks: tuple[float, ...]

    @property
    def relative_stderr(self) -> float:
        """Standard error as a share of the value; infinite where the value is zero."""
        return self.stderr / abs(self.value) if self.value else math.inf


def block_estimate(samples: Sequence[float], blocks: int = BLOCKS) -> Estimate:
    """Returns the median of `samples` with the standard error that its contiguous block medians show.

    The samples, in the order taken, are cut into `blocks` contiguous parts of nearly equal size; the standard error is
    that of the mean of the block medians. With fewer than five samples per block every sample is its own block, and the
    standard error is that of a median of independent normal samples.

    Raises:
        ValueError: fewer than two samples, or a sample is not finite.
    """
    values = _checked(samples, at_least=2)
    if len(values) < MINIMUM_PER_BLOCK * blocks:
        stderr = MEDIAN_INEFFICIENCY * float(np.std(values, ddof=1)) / math.sqrt(len(values))
        return Estimate(float(np.median(values)), stderr, tuple(float(value) for value in values))
    medians = [float(np.median(part)) for part in np.array_split(values, blocks)]
    stderr = float(np.std(medians, ddof=1)) / math.sqrt(blocks)
    return Estimate(float(np.median(values)), stderr, tuple(medians))


def low_decile(samples: Sequence[float]) -> float:
    """Returns the value that a tenth of `samples` do not exceed: what a machine does when it is left alone.

    Raises:
        ValueError: no samples, or a sample is not finite.
    """
    return float(np.quantile(_checked(samples, at_least=1), 0.1))


def relative_range(samples: Sequence[float]) -> float:
    """Returns (largest - smallest) / median of positive `samples`.

    Raises:
        ValueError: no samples, or a sample is not finite.
    """
    values = _checked(samples, at_least=1)
    return float((values.max() - values.min()) / np.median(values))


def coefficient_of_variation(samples: Sequence[float]) -> float:
    """Returns standard deviation (with n - 1) / mean of positive `samples`.

    Raises:
        ValueError: fewer than two samples, or a sample is not finite.
    """
    values = _checked(samples, at_least=2)
    return float(np.std(values, ddof=1) / np.mean(values))


def _checked(samples: Sequence[float], at_least: int) -> np.ndarray:
    values = np.asarray(samples, dtype=np.float64)  # (n,)
    if values.ndim != 1 or len(values) < at_least:
        raise ValueError(f"expected at least {at_least} samples in one row, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("expected finite samples, got NaN or infinity")
    return values
