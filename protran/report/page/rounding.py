"""Fewer digits, where a figure is only looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def rounded(number: float | None, digits: int = 5) -> float | None:
    """Returns a number to so many significant digits; None for one that is not known or not finite."""
    if number is None or not math.isfinite(number):
        return None
    return float(f"{number:.{digits}g}")


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """Returns at most so many of the items, spread evenly, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most < 2:
        return list(items[: max(0, most)])
    step = (len(items) - 1) / (most - 1)
    return [items[round(place * step)] for place in range(most)]
