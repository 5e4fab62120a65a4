"""Scores of a classifier with standard errors that count recordings, not overlapping windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 200
_BOOTSTRAP_SEED = 20261122  # fixed: a score's error bar is a function of the predictions alone


@dataclass(frozen=True)
class Score:
    """A figure and its standard error."""

    value: float
    stderr: float


@dataclass(frozen=True)
class ClassifierScores:
    """Accuracy and macro-F1, both from 0 to 1, and what the former is a share of.

    Attributes:
        accuracy: share of windows that were classified right.
        macro_f1: mean F1 of the classes.
        correct: of each recording, in the order of their numbers, the windows that were classified right.
        total: of each recording, its windows.
    """

    accuracy: Score
    macro_f1: Score
    correct: tuple[int, ...] = ()
    total: tuple[int, ...] = ()


def classifier_scores(
    labels: npt.NDArray[np.int64],
    predictions: npt.NDArray[np.int64],
    recordings: npt.NDArray[np.int64],
    classes: int,
) -> ClassifierScores:
    """Returns accuracy and macro-F1 of predicted classes, with standard errors over recordings.

    Windows of one recording overlap, so their errors come together; the plain binomial error would be several times
    too small. Recordings are resampled whole.

    Args:
        labels: `n` true classes.
        predictions: `n` predicted classes.
        recordings: `n`, the recording of each window.
        classes: number of classes.
    """
    confusion = _confusion_by_recording(labels, predictions, recordings, classes)
    total = confusion.sum(axis=0)
    return ClassifierScores(
        accuracy=Score(_accuracy(total), _clustered_accuracy_error(confusion)),
        macro_f1=Score(_macro_f1(total), _bootstrap_macro_f1_error(confusion)),
        correct=tuple(int(right) for right in np.trace(confusion, axis1=1, axis2=2)),
        total=tuple(int(windows) for windows in confusion.sum(axis=(1, 2))),
    )


def clustered_share(parts: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]) -> Score:
    """Returns ``sum(parts) / sum(sizes)`` over two or more clusters, and its standard error.

    Args:
        parts: `r`, for example the windows of each recording that were classified right.
        sizes: `r`, its windows.

    Raises:
        ValueError: there is one cluster only, so that nothing is known of the spread between them.

    Source: W. Cochran, "Sampling Techniques", 3rd edition, equation 2.45 (ratio estimator, no finite population).
    """
    clusters = len(sizes)
    if clusters < 2:
        raise ValueError(f"clustered_share expected two clusters or more, got {clusters}")
    share = float(parts.sum() / sizes.sum())
    residuals = parts - share * sizes
    return Score(share, float(np.sqrt(clusters / (clusters - 1) * np.sum(residuals**2)) / sizes.sum()))


def combine_seeds(scores: Sequence[Score]) -> Score:
    """Returns the mean over seeds and its standard error.

    Every seed was scored on the same windows, so what those windows contribute does not average out; the spread
    between seeds does: ``variance = mean(stderr**2) + spread**2 / seeds``. One seed leaves its spread unknown and
    uncounted.

    Raises:
        ValueError: no scores.
    """
    if not scores:
        raise ValueError("combine_seeds expected at least one score, got none")
    values = np.array([score.value for score in scores])
    sampling = float(np.mean([score.stderr**2 for score in scores]))
    spread = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    return Score(float(values.mean()), float(np.sqrt(sampling + spread / len(values))))


def _confusion_by_recording(
    labels: npt.NDArray[np.int64],
    predictions: npt.NDArray[np.int64],
    recordings: npt.NDArray[np.int64],
    classes: int,
) -> npt.NDArray[np.float64]:
    names, cluster = np.unique(recordings, return_inverse=True)
    flat = (cluster * classes + labels) * classes + predictions
    counts = np.bincount(flat, minlength=len(names) * classes * classes)
    return counts.reshape(len(names), classes, classes).astype(np.float64)  # (recordings, true, predicted)


def _accuracy(confusion: npt.NDArray[np.float64]) -> float:
    return float(np.trace(confusion) / confusion.sum())


def _macro_f1(confusion: npt.NDArray[np.float64]) -> float:
    """Mean F1 over the classes that occur, in truth or in prediction."""
    true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    occurs = (true + predicted) > 0
    return float(np.mean(2 * np.diag(confusion)[occurs] / (true + predicted)[occurs]))


def _clustered_accuracy_error(confusion: npt.NDArray[np.float64]) -> float:
    """Standard error of the accuracy over recordings; binomial where there is one only."""
    sizes, correct = confusion.sum(axis=(1, 2)), np.trace(confusion, axis1=1, axis2=2)
    if len(confusion) < 2:
        share = correct.sum() / sizes.sum()
        return float(np.sqrt(share * (1 - share) / sizes.sum()))
    return clustered_share(correct, sizes).stderr


def _bootstrap_macro_f1_error(confusion: npt.NDArray[np.float64]) -> float:
    clusters = len(confusion)
    if clusters < 2:
        return _clustered_accuracy_error(confusion)
    generator = np.random.default_rng(_BOOTSTRAP_SEED)
    flat = confusion.reshape(clusters, -1)
    draws = np.empty(RESAMPLES)
    for index in range(RESAMPLES):
        weights = np.bincount(generator.integers(clusters, size=clusters), minlength=clusters)
        draws[index] = _macro_f1((weights @ flat).reshape(confusion.shape[1:]))
    return float(draws.std(ddof=1) * np.sqrt(clusters / (clusters - 1)))
