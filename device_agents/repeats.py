"""The mean of repeated measurements of one quantity."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from device_agents.measurement import Measurement, Value

SECONDS = ("latency_s", "core_seconds")
"""Quantities that are a ratio times the latency of a reference, whose own error all repeats share."""


def mean_of_repeats(measurements: Sequence[Measurement], quantity: str) -> Value | None:
    """Returns the mean of `quantity` over repeated measurements of one candidate; None where none has it."""
    holders = [measurement for measurement in measurements if quantity in measurement.values]
    shared = [holder.details.get("reference_ratio_stderr", 0.0) for holder in holders] if quantity in SECONDS else []
    return mean_of([holder.values[quantity] for holder in holders], shared=max(shared, default=0.0))


def mean_of(values: Sequence[Value], *, shared: float = 0.0) -> Value | None:
    """Returns the mean of repeated values, with the larger of the stated and the observed standard error.

    The stated one is what the repeats' own errors give for their mean, the observed one what their spread gives; what
    all of them share, no repeating makes smaller. Where a single value states none, there is none. None for no values;
    unavailable ones are left out. Repeats of one provenance are expected; the first one's is kept.

    Args:
        values: the repeats.
        shared: relative standard error of a factor that all values share, and that is part of theirs.
    """
    known = [value for value in values if value.value is not None]
    if not known:
        return None
    numbers = [value.value for value in known if value.value is not None]
    mean = statistics.fmean(numbers)
    common = shared * abs(mean)
    own = sum(max(0.0, (value.stderr or 0.0) ** 2 - common**2) for value in known)
    stated = math.sqrt(own) / len(known)
    observed = statistics.stdev(numbers) / math.sqrt(len(numbers)) if len(numbers) > 1 else 0.0
    tells = len(known) > 1 or known[0].stderr is not None
    return Value(mean, math.hypot(max(stated, observed), common) if tells else None, known[0].provenance)
