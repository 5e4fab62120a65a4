"""Mean and spread of a benchmark's repeats, as its tables show them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread_text(values: Sequence[float]) -> str:
    """Returns mean and standard deviation of one or more values; one alone has no spread."""
    deviation = f" +- {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{deviation}"
