"""Splits a user's windows into three sets: by group where there are groups, else stratified by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protran.tasks.errors import TaskError

TRIALS = 256
SETS = 3  # train, validation, test


@dataclass(frozen=True)
class Fractions:
    """Shares of the windows that validation and test get; the rest is for training."""

    validation: float
    test: float

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
                raise TaskError(f"the {name} fraction must be a number between 0 and 1, got {value!r}")
        if self.validation + self.test >= 0.9:
            raise TaskError(
                f"validation and test fraction must leave at least a tenth for training, got "
                f"{self.validation:g} + {self.test:g}"
            )


def split_by_group(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], fractions: Fractions, seed: int
) -> npt.NDArray[np.int64]:
    """Returns the set of each window (0 train, 1 validation, 2 test); windows of a group stay together.

    Of `TRIALS` random orders of the groups the one is taken whose sets come nearest to the wanted sizes and to the
    proportions of classes of the whole. Every class is in the training set.

    Args:
        labels: `n` classes.
        groups: `n` groups.
        fractions: wanted sizes.
        seed: equal seeds split alike.

    Raises:
        TaskError: fewer than three groups, or some class occurs in too few groups.
    """
    names, member = np.unique(groups, return_inverse=True)
    if len(names) < SETS:
        raise TaskError(
            f"expected at least {SETS} groups so that train, validation and test share none, got {len(names)}; leave "
            f"the group column out to split at random"
        )
    classes = int(labels.max()) + 1
    counts = np.bincount(member * classes + labels, minlength=len(names) * classes).reshape(len(names), classes)
    generator = np.random.default_rng(seed)
    best, best_cost = None, np.inf
    for _ in range(TRIALS):
        order = generator.permutation(len(names))
        sets = _fill(counts.sum(axis=1), order, fractions)
        cost = _imbalance(counts, sets, fractions)
        if cost < best_cost:
            best, best_cost = sets, cost
    if best is None:
        raise TaskError(
            f"no split of the {len(names)} groups has every class in the training set; record each class in more groups"
        )
    return best[member]


def split_at_random(labels: npt.NDArray[np.int64], fractions: Fractions, seed: int) -> npt.NDArray[np.int64]:
    """Returns the set of each window (0 train, 1 validation, 2 test), every class split in the same proportions.

    Raises:
        TaskError: a class has fewer than three windows.
    """
    sets = np.zeros(len(labels), dtype=np.int64)
    generator = np.random.default_rng(seed)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        if len(members) < SETS:
            raise TaskError(
                f"expected at least {SETS} windows of every class, got {len(members)} of class number {label + 1}; "
                f"record more or shorten the window"
            )
        test = max(1, round(fractions.test * len(members)))
        validation = max(1, round(fractions.validation * len(members)))
        if test + validation >= len(members):  # very few windows: one for each set first
            test = validation = 1
        sets[members[:test]] = 2
        sets[members[test : test + validation]] = 1
    return sets


def _fill(sizes: npt.NDArray[np.int64], order: npt.NDArray[np.int64], fractions: Fractions) -> npt.NDArray[np.int64]:
    """Deals groups out in `order`: test until it has its share, then validation, the rest to training."""
    total = sizes.sum()
    sets = np.zeros(len(sizes), dtype=np.int64)
    position = 0
    for number, fraction, left in ((2, fractions.test, 2), (1, fractions.validation, 1)):
        filled = 0
        while position < len(order) - left:
            size = sizes[order[position]]
            if filled and filled + size / 2 > fraction * total:  # nearer to the wanted size without it
                break
            sets[order[position]] = number
            filled += size
            position += 1
    return sets


def _imbalance(counts: npt.NDArray[np.int64], sets: npt.NDArray[np.int64], fractions: Fractions) -> float:
    """Distance from the wanted sizes and class proportions; infinite where training lacks a class."""
    by_set = np.stack([counts[sets == number].sum(axis=0) for number in range(SETS)]).astype(np.float64)
    if not by_set[0].all():
        return float("inf")
    wanted = np.array([1 - fractions.validation - fractions.test, fractions.validation, fractions.test])
    sizes = by_set.sum(axis=1)
    shares = by_set / sizes[:, None]
    overall = counts.sum(axis=0) / counts.sum()
    return float(np.abs(sizes / sizes.sum() - wanted).sum() + np.abs(shares - overall).sum())
