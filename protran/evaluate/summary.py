"""One metric over repeated splits: its median and quartiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """Median and quartiles, linearly interpolated; NaN where no repeat has a value."""

    median: float
    q1: float
    q3: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Returns the summary of the values that are numbers (a rank correlation with a constant is none)."""
        known = [value for value in values if not math.isnan(value)]
        if not known:
            return cls(math.nan, math.nan, math.nan)
        with np.errstate(invalid="ignore"):  # between two infinities there is no number
            q1, median, q3 = np.quantile(known, (0.25, 0.5, 0.75)).tolist()
        return cls(median, q1, q3)

    def to_json(self) -> dict[str, float | None]:
        """Returns ``{"median", "q1", "q3"}``; null where there is no finite number."""
        parts = {"median": self.median, "q1": self.q1, "q3": self.q3}
        return {name: value if math.isfinite(value) else None for name, value in parts.items()}
