"""Right answers by recording, so that two models are compared recording by recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.errors import InputError
from protran.ledger.evaluation import Evaluation
from protran.training.scores import Score, clustered_share

RECORDINGS = "recordings"  # where an evaluation's details hold them
MOST_KEPT = 1000
"""Recordings of a set above which they are not kept with an evaluation: texts, of which each is one recording."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RecordingCounts:
    """Right answers of one model to one set, recording by recording, in the order of the recordings' numbers.

    Attributes:
        correct: windows that were classified right, `r`.
        total: windows, `r`; the same for every model that answered the same set of the same task version.
    """

    correct: tuple[int, ...]
    total: tuple[int, ...]

    @classmethod
    def count(cls, labels: Counts, predictions: Counts, recordings: Counts) -> RecordingCounts:
        """Returns the counts of predictions `n` of `labels: n`, of windows of `recordings: n`."""
        names, cluster = np.unique(recordings, return_inverse=True)
        right = np.bincount(cluster, weights=labels == predictions, minlength=len(names))
        return cls(_whole(right), _whole(np.bincount(cluster, minlength=len(names))))

    def to_json(self) -> dict[str, Any] | None:
        """Returns a JSON object; None where there are none, or too many."""
        if not 0 < len(self.total) <= MOST_KEPT:
            return None
        return {"correct": list(self.correct), "total": list(self.total)}


def pooled(counts: Sequence[RecordingCounts]) -> RecordingCounts:
    """Returns the counts of several trainings on one set together: their share of right answers is the mean over all.

    Raises:
        InputError: there are none, or they are not of the same windows.
    """
    if not counts or any(item.total != counts[0].total for item in counts):
        raise InputError(f"expected trainings that answered the same windows, got {len(counts)} that did not")
    right = np.sum([item.correct for item in counts], axis=0)
    return RecordingCounts(_whole(right), _whole(np.array(counts[0].total) * len(counts)))


def recordings_of(evaluation: Evaluation, part: str) -> RecordingCounts | None:
    """Returns what an evaluation keeps of its `validation` or `test` set; None where it keeps nothing.

    Nothing is kept of failures, of the validation set in a refit, of sets of more than `MOST_KEPT` recordings, and of
    trainings of older versions.
    """
    found = evaluation.details.get(RECORDINGS, {}).get(part)
    return None if found is None else RecordingCounts(tuple(found["correct"]), tuple(found["total"]))


def paired_difference(first: RecordingCounts, second: RecordingCounts) -> Score:
    """Returns the accuracy of `first` minus that of `second`, and its standard error over recordings.

    What makes a recording hard for both drops out, so that the error is smaller than that of two unpaired accuracies.

    Raises:
        InputError: they are not of the same windows, or of one recording only.
    """
    if first.total != second.total:
        raise InputError(
            f"expected two models that answered the same windows, got {sum(first.total)} of {len(first.total)} "
            f"recordings and {sum(second.total)} of {len(second.total)}; compare models of one task and set"
        )
    if len(first.total) < 2:
        raise InputError("expected models that answered two recordings or more, got one; nothing is known of its error")
    return clustered_share(np.array(first.correct) - np.array(second.correct), np.array(first.total))


def _whole(numbers: npt.NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
