"""Which points no other point dominates, for any number of points and objectives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from protran.errors import InputError
from protran.quantities import Direction

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_SMALL = 128  # rows below which comparing each with each is faster than dividing further
_FEW_PAIRS = 65_536  # pairs of two sets, likewise


def non_dominated(points: npt.ArrayLike, directions: Sequence[Direction] | None = None) -> Mask:
    """Returns which points are on the front.

    A point dominates another if it is at least as good in every objective and better in one. So equal points do not
    dominate each other: all of them are on the front, or none. A point with a value that is not known (NaN) is not on
    the front and dominates nothing.

    Source: H. T. Kung, F. Luccio, F. P. Preparata, "On Finding the Maxima of a Set of Vectors", J. ACM 22(4), 1975:
    divide by one objective, conquer with one objective less, in O(n log^(m-2) n) for m > 2 objectives.

    Args:
        points: `n x m`, one row for each candidate.
        directions: `m`, which way is better; by default, smaller is.

    Returns:
        `n`, True on the front.

    Raises:
        InputError: the shape is another.
    """
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise InputError(f"expected points of shape (n, m) with at least one objective, got shape {values.shape}")
    if directions is not None:
        if len(directions) != values.shape[1]:
            raise InputError(f"expected {values.shape[1]} directions, got {len(directions)}")
        values = values * np.array([-1.0 if item is Direction.MAXIMISE else 1.0 for item in directions])
    values = values + 0.0  # -0 becomes 0: they are equal, but would not be sorted as such
    mask: Mask = np.logical_not(np.isnan(values).any(axis=1))
    # Unique rows come back in lexicographic order, so that none can be dominated by a later one.
    unique, places = np.unique(values[mask], axis=0, return_inverse=True)
    on_front = np.zeros(len(unique), dtype=np.bool_)
    on_front[_front(unique, np.arange(len(unique)))] = True
    mask[mask] = on_front[places.reshape(-1)]
    return mask


def _front(points: Points, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Returns those of `rows` (distinct points in lexicographic order) that no other of them dominates."""
    if len(rows) == 0:
        return rows
    if points.shape[1] == 1:
        return rows[:1]
    if len(rows) <= _SMALL:
        better = _at_least_as_good(points[rows], points[rows])
        np.fill_diagonal(better, False)
        return rows[~better.any(axis=0)]
    middle = len(rows) // 2
    low, high = _front(points, rows[:middle]), _front(points, rows[middle:])
    # An earlier point is at most as large in the first objective: what remains to be compared is the others.
    return np.concatenate([low, high[~covered(points[low, 1:], points[high, 1:])]])


def covered(these: Points, those: Points) -> Mask:
    """Returns for each of `those` whether one of `these` is at most as large in every column."""
    if len(these) == 0 or len(those) == 0:
        return np.zeros(len(those), dtype=np.bool_)
    if these.shape[1] == 1:
        return np.asarray(those[:, 0] >= these[:, 0].min())
    if these.shape[1] == 2:
        return _covered_in_plane(these, those)
    if len(these) * len(those) <= _FEW_PAIRS:
        return np.asarray(_at_least_as_good(these, those).any(axis=0))
    middle = _split(np.concatenate([these[:, 0], those[:, 0]]))
    if middle is None:  # all are equal here
        return covered(these[:, 1:], those[:, 1:])
    low, high = these[:, 0] < middle, those[:, 0] >= middle
    found = np.zeros(len(those), dtype=np.bool_)
    found[~high] = covered(these[low], those[~high])
    found[high] = covered(these[low, 1:], those[high, 1:])
    left = high & ~found
    found[left] = covered(these[~low], those[left])
    return found


def _at_least_as_good(these: Points, those: Points) -> Mask:
    """Returns `these x those`: which of `these` is at most as large as which of `those` in every column."""
    found: Mask = np.ones((len(these), len(those)), dtype=np.bool_)
    for ours, theirs in zip(these.T, those.T, strict=True):  # column by column: a third of the time of all at once
        found &= ours[:, None] <= theirs[None, :]
    return found


def _covered_in_plane(these: Points, those: Points) -> Mask:
    """As `covered` for two columns: the lowest second value among those whose first value is not larger."""
    order = np.argsort(these[:, 0], kind="stable")
    lowest = np.concatenate([[np.inf], np.minimum.accumulate(these[order, 1])])
    before = np.searchsorted(these[order, 0], those[:, 0], side="right")
    return np.asarray((before > 0) & (lowest[before] <= those[:, 1]))


def _split(numbers: Points) -> float | None:
    """Returns a number with some of `numbers` below it and some not, as evenly as ties allow; None if all are equal."""
    middle = float(np.partition(numbers, len(numbers) // 2)[len(numbers) // 2])
    if (numbers < middle).any():
        return middle
    above = numbers[numbers > middle]
    return float(above.min()) if len(above) else None
