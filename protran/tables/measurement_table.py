"""Measurements of many candidates on one device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search_spaces.candidate import Candidate

Array = npt.NDArray[np.float64]

USUAL_TARGETS = ("latency_s", "energy_j", "peak_power_w")
"""What is read where nobody says what, as far as a table has it."""


@dataclass(frozen=True)
class MeasurementTable:
    """`n` candidates and what was measured of them, in SI units.

    Attributes:
        name: what to call it: its file without folder and suffixes.
        candidates: `n`, in the order of the file.
        targets: names of the `m` columns of values.
        values: `n x m`, positive, NaN where missing.
        variances: `n x m`, variance of each value as a mean of repeats, NaN where unknown.
    """

    name: str
    candidates: tuple[Candidate, ...]
    targets: tuple[str, ...]
    values: Array
    variances: Array
