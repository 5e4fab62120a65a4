"""What a reader of files hands on: windows with class names, before they are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class LabelledWindows:
    """Windows of a file.

    Attributes:
        signals: `n x channels x length`, float32.
        labels: `n`, index into `classes`.
        classes: names of the classes, sorted.
        recordings: `n`, or None where the file names no recordings.
        persons: `n`, or None where the file names no persons.
        notes: sentences about what was left out.
    """

    signals: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    recordings: npt.NDArray[np.int64] | None
    persons: npt.NDArray[np.int64] | None
    notes: tuple[str, ...] = ()


def indexed(values: list[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Returns the distinct values in natural order (numbers by size, before words) and each value's index."""
    names = tuple(sorted(set(values), key=_natural))
    index = {name: number for number, name in enumerate(names)}
    return names, np.array([index[value] for value in values], dtype=np.int64)


def _natural(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
