"""Fronts against each other: the share of one box that each dominates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from protran.optimize.hypervolume import hypervolume

Key = TypeVar("Key")


def shares(fronts: Mapping[Key, np.ndarray]) -> dict[Key, float]:
    """Returns the share of the box between the best and 1.1 times the worst of all fronts that each dominates.

    Args:
        fronts: by front, its members, `n x m`, smaller is better.
    """
    everything = np.concatenate(list(fronts.values()))
    ideal, worst = everything.min(axis=0), everything.max(axis=0)
    span = np.where(worst > ideal, worst - ideal, 1.0)
    reference = np.full(everything.shape[1], 1.1)
    return {
        key: hypervolume((found - ideal) / span, reference) / float(reference.prod()) for key, found in fronts.items()
    }
