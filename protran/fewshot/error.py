"""How wrong predictions are: relative errors that were seen, and those that a belief expects of itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

LEAST_CONFIDENCE = 0.9
SPREAD = (0.05, 0.95)
HALVINGS = 40


@dataclass(frozen=True)
class Error:
    """A median relative error, with an interval.

    Attributes:
        median: |prediction - truth| / truth.
        low: lower end of the interval; None where there are too few values to have one.
        high: upper end.
        count: from how many candidates.
    """

    median: float
    low: float | None
    high: float | None
    count: int

    def to_json(self) -> dict[str, Any]:
        """Returns the fields."""
        return {"median": self.median, "low": self.low, "high": self.high, "count": self.count}


def seen_error(predicted: Sequence[float], measured: Sequence[float]) -> Error | None:
    """Returns the median relative error of predictions, None where there is none, with a confidence interval.

    The interval holds the median of all candidates like these with at least 90 %, whatever the errors' distribution:
    it reaches from one order statistic to another. Fewer than five values have no such interval.

    Source: H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition, 2003, section 7.1.
    """
    if not predicted:
        return None
    truth = np.asarray(measured)
    errors = np.sort(np.abs(np.asarray(predicted) - truth) / truth)
    cut = _cut(len(errors))
    low, high = (None, None) if cut is None else (float(errors[cut]), float(errors[-1 - cut]))
    return Error(float(np.median(errors)), low, high, len(errors))


def expected_error(log_variance: Tensor) -> Error:
    """Returns what a belief expects of its medians, over candidates; the interval holds 90 % of the candidates.

    Args:
        log_variance: `n`, the variance of the natural logarithm of one new measurement.
    """
    errors = _median_of_log_normal(log_variance.clamp_min(0.0).sqrt())
    low, high = (float(errors.quantile(share)) for share in SPREAD)
    return Error(float(errors.quantile(0.5)), low, high, len(errors))


def _cut(count: int) -> int | None:
    """Returns how many of the least, and of the largest, values lie outside the interval; None where there is none."""
    cut, outside = None, 0.0
    for place in range(count // 2):
        outside += 2.0 * math.comb(count, place) / 2.0**count
        if outside > 1.0 - LEAST_CONFIDENCE:
            break
        cut = place
    return cut


def _median_of_log_normal(deviation: Tensor) -> Tensor:
    """Returns the median of |exp(s z) - 1|, z standard normal, for each s of `deviation: n`, by halving.

    It is below 1 for every s: half of the truths are larger than their median.
    """
    low, high = torch.zeros_like(deviation), torch.ones_like(deviation)
    scale = deviation.clamp_min(1e-12)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        inside = _below(torch.log1p(middle) / scale) - _below(torch.log1p(-middle) / scale)
        low, high = torch.where(inside < 0.5, middle, low), torch.where(inside < 0.5, high, middle)
    return (low + high) / 2.0


def _below(z: Tensor) -> Tensor:
    share: Tensor = torch.special.ndtr(z)
    return share
