"""Means over the repeats of a study, with confidence intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and how far its confidence interval reaches to either side.

    Attributes:
        mean: of the values.
        half_width: None where fewer than two values were seen: then nothing is known of the spread.
        count: of the values.
    """

    mean: float
    half_width: float | None
    count: int

    @property
    def low(self) -> float:
        """The lower end; the mean itself where the spread is not known."""
        return self.mean - (self.half_width or 0.0)

    @property
    def high(self) -> float:
        """The upper end; the mean itself where the spread is not known."""
        return self.mean + (self.half_width or 0.0)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {"mean": self.mean, "half_width": self.half_width, "count": self.count}


def mean_interval(values: Iterable[float], confidence: float = CONFIDENCE) -> Interval | None:
    """Returns the mean of `values` with the interval that holds the true mean with this confidence.

    Values that are NaN stand for what could not be had and do not count; where none is left, the answer is None.

    Source: Student's t interval; NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.2.
    """
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return None
    if len(known) == 1:
        return Interval(known[0], None, 1)
    reach = float(stats.t.ppf((1 + confidence) / 2, len(known) - 1))
    return Interval(statistics.fmean(known), reach * statistics.stdev(known) / math.sqrt(len(known)), len(known))
