"""Scales: on which axis an objective is modelled, and on which its hypervolume is counted."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # the state of a search is plain data: it loads no torch
    from torch import Tensor

Array = npt.NDArray[np.float64]

LOG_FLOOR = 1e-12  # a picosecond, a picojoule: below every measured cost
RATE_FLOOR = 2e-3  # error rates nearer to 0 or 1 than this are not told apart


class Scale(str, Enum):
    """An axis: as it is, its logarithm (costs, which span decades), or its log-odds (rates between 0 and 1)."""

    LINEAR = "linear"
    LOG = "log"
    LOGIT = "logit"

    def forward(self, values: Array) -> Array:
        """Returns `values` (any shape, own unit) on this axis; NaN stays NaN."""
        if self is Scale.LINEAR:
            return np.asarray(values, dtype=np.float64)
        if self is Scale.LOG:
            return np.asarray(np.log(np.maximum(values, LOG_FLOOR)))
        rate = np.clip(values, RATE_FLOOR, 1.0 - RATE_FLOOR)
        return np.asarray(np.log(rate) - np.log1p(-rate))

    def variance(self, values: Array, variances: Array) -> Array:
        """Returns the variances on this axis, to first order (the delta method)."""
        if self is Scale.LINEAR:
            return np.asarray(variances, dtype=np.float64)
        if self is Scale.LOG:
            return np.asarray(variances / np.maximum(values, LOG_FLOOR) ** 2)
        rate = np.clip(values, RATE_FLOOR, 1.0 - RATE_FLOOR)
        return np.asarray(variances / (rate * (1.0 - rate)) ** 2)

    def backward(self, scaled: Tensor) -> Tensor:
        """Returns the values, in their own unit, whose place on this axis is `scaled`; differentiable."""
        if self is Scale.LINEAR:
            return scaled
        return scaled.exp() if self is Scale.LOG else scaled.sigmoid()

    def convert(self, scaled: Tensor, axis: Scale) -> Tensor:
        """Returns places on this axis as places on another; differentiable."""
        if axis is self:
            return scaled
        values = self.backward(scaled)
        if axis is Scale.LINEAR:
            return values
        return values.clamp_min(LOG_FLOOR).log() if axis is Scale.LOG else values.logit(eps=RATE_FLOOR)
