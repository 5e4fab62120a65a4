"""Which rows of a table train a surrogate and which judge it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protran.errors import InputError
from protran.optimize.seeds import child_generator

FEWEST = 2
"""Rows below which nothing can be fitted, or judged."""


@dataclass(frozen=True)
class TrainSize:
    """How many rows of the training part are used: a number of rows, or a fraction of the part.

    Attributes:
        amount: a whole number of rows from 2 on, or a fraction above 0 and up to 1.
        is_fraction: which of them it is.
    """

    amount: float
    is_fraction: bool

    @classmethod
    def parse(cls, text: str) -> TrainSize:
        """Returns the size that ``16`` (rows) or ``0.5`` (half of the part) says; ``1`` is one row, ``1.0`` all.

        Raises:
            InputError: the text is neither.
        """
        text = text.strip()
        if text.isascii() and text.isdigit():
            size = cls(int(text), is_fraction=False)
            valid = size.amount >= FEWEST
        else:
            size = cls(_fraction(text), is_fraction=True)
            valid = 0 < size.amount <= 1
        if not valid:
            raise InputError(
                f"expected training sizes of {FEWEST} rows or more, or fractions up to 1.0, got {text!r}; "
                f"for example 8,16,1.0"
            )
        return size

    def rows(self, part: int) -> int:
        """Returns how many rows that is of a training part of `part` rows.

        Raises:
            InputError: the part has not so many rows, or the fraction leaves fewer than 2.
        """
        count = round(self.amount * part) if self.is_fraction else int(self.amount)
        if not FEWEST <= count <= part:
            raise InputError(f"expected a training size of {FEWEST} to {part} rows (the training part), got {count}")
        return count


@dataclass(frozen=True)
class Split:
    """Row numbers of one split; the first `k` of `train` are its training set of `k` rows, so that sets are nested."""

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]


def draw_split(count: int, test_fraction: float, seed: int, repeat: int) -> Split:
    """Returns a random split of `count` rows; a pure function of its arguments.

    Raises:
        InputError: the training or the test part has fewer than 2 rows.
    """
    test = round(count * test_fraction)
    if not FEWEST <= test <= count - FEWEST:
        raise InputError(
            f"expected a test fraction that leaves at least {FEWEST} of {count} rows on both sides, got "
            f"{test_fraction:g}; choose another fraction or a longer table"
        )
    order = child_generator(seed, repeat, "surrogate evaluation: split").permutation(count)
    return Split(order[test:], order[:test])


def _fraction(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
