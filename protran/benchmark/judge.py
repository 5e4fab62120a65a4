"""What evaluated rows are worth: their hypervolume by smooth values, as a fraction of the whole table's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from protran.benchmark.exact_hypervolume import exact_hypervolume, exclusive_volume
from protran.errors import InputError
from protran.tables.measurement_table import Array

WORST_PERCENTILE = 99.0
"""Of the smooth values: what is worse counts as this bad."""


class Judge:
    """Judges by values without noise, so that a lucky row is no prize.

    Each objective is scaled to [0, 1] between its least smooth value and its 99th percentile, clipped; the reference
    is 1.

    Args:
        smooth: `n x m`, smooth values of all rows.
    """

    def __init__(self, smooth: Array) -> None:
        least, worst = smooth.min(axis=0), np.percentile(smooth, WORST_PERCENTILE, axis=0)
        if not (worst > least).all():
            raise InputError("expected smooth values that differ in each objective, got equal ones; leave it out")
        self.scaled: Array = np.clip((smooth - least) / (worst - least), 0.0, 1.0)
        self.whole = exact_hypervolume(self.scaled)
        if self.whole <= 0:
            raise InputError("expected a row that is better than the worst in every objective, got none")

    def curve(self, rows: Sequence[int]) -> Array:
        """Returns the fraction of the table's hypervolume after each of `rows`, in the order of their evaluation."""
        chosen = self.scaled[list(rows)]
        gains = [exclusive_volume(point, chosen[:place]) for place, point in enumerate(chosen)]
        return np.asarray(np.cumsum(gains) / self.whole)

    def fraction(self, rows: Sequence[int]) -> float:
        """Returns the fraction of the table's hypervolume that `rows` hold."""
        return exact_hypervolume(self.scaled[list(rows)]) / self.whole
