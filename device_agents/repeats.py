"""The mean of repeated measurements of one quantity."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from device_agents.measurement import Value


def mean_of(values: Sequence[Value]) -> Value | None:
    """Returns the mean of repeated values, with the larger of the stated and the observed standard error.

    The stated one is what the repeats' own errors give for their mean, the observed one what their spread gives. Where
    a single value states none, there is none. None for no values; unavailable ones are left out. Repeats of one
    provenance are expected; the first one's is kept.
    """
    known = [value for value in values if value.value is not None]
    if not known:
        return None
    numbers = [value.value for value in known if value.value is not None]
    stated = math.sqrt(sum((value.stderr or 0.0) ** 2 for value in known)) / len(known)
    observed = statistics.stdev(numbers) / math.sqrt(len(numbers)) if len(numbers) > 1 else 0.0
    tells = len(known) > 1 or known[0].stderr is not None
    return Value(statistics.fmean(numbers), max(stated, observed) if tells else None, known[0].provenance)
