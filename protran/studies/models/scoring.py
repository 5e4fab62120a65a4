"""Scores of answers to documents that have one or several labels each, with standard errors over documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.metrics import average_precision_score

RESAMPLES = 200
_BOOTSTRAP_SEED = 20261127  # fixed: an error bar is a function of the answers alone
THRESHOLD = 0.5
_THRESHOLDS = np.arange(0.05, 0.96, 0.05)

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TextScores:
    """Scores from 0 to 1.

    Attributes:
        subset_accuracy: share of documents all of whose labels are right, none missing, none too many. Where a
            document has one label, this is the accuracy.
        subset_accuracy_stderr: its standard error over documents.
        label_accuracy: share of right yes-or-no answers, over all labels of all documents; flatters where labels are
            rare, because most answers are no.
        micro_f1: F1 of all answers together.
        micro_f1_stderr: its standard error over documents.
        macro_f1: mean of the labels' F1, over the labels that occur in truth or answers.
        macro_f1_stderr: its standard error over documents.
    """

    subset_accuracy: float
    subset_accuracy_stderr: float
    label_accuracy: float
    micro_f1: float
    micro_f1_stderr: float
    macro_f1: float
    macro_f1_stderr: float


def probabilities(logits: Floats, multi_label: bool) -> Floats:
    """Returns `n x labels`: of each label by itself, or adding up to 1 where a document has one label."""
    found: Floats = expit(logits) if multi_label else softmax(logits, axis=1)
    return found


def decide(found: Floats, multi_label: bool, threshold: float = THRESHOLD) -> Flags:
    """Returns the labels `n x labels` that are answered: those at or above the threshold, or the likeliest one."""
    if multi_label:
        return np.asarray(found >= threshold)
    chosen = np.zeros(found.shape, dtype=np.bool_)
    chosen[np.arange(len(found)), found.argmax(1)] = True
    return chosen


def text_scores(labels: Flags, answers: Flags) -> TextScores:
    """Returns the scores of answers `n x labels`; errors are those of resampled documents."""
    right = (labels == answers).all(axis=1).astype(np.float64)
    parts = np.stack([labels & answers, labels, answers]).astype(np.float64)  # (3, n, labels)
    whole = parts.sum(axis=1)
    by_document = parts.transpose(1, 0, 2).reshape(len(right), -1)
    generator = np.random.default_rng(_BOOTSTRAP_SEED)
    draws = np.empty((RESAMPLES, 2))
    for row in range(RESAMPLES):
        counts = np.bincount(generator.integers(len(right), size=len(right)), minlength=len(right))
        drawn = (counts @ by_document).reshape(whole.shape)
        draws[row] = _micro_f1(drawn), _macro_f1(drawn)
    micro_error, macro_error = draws.std(axis=0, ddof=1)
    accuracy = float(right.mean())
    return TextScores(
        subset_accuracy=accuracy,
        subset_accuracy_stderr=float(np.sqrt(accuracy * (1 - accuracy) / len(right))),
        label_accuracy=float((labels == answers).mean()),
        micro_f1=_micro_f1(whole),
        micro_f1_stderr=float(micro_error),
        macro_f1=_macro_f1(whole),
        macro_f1_stderr=float(macro_error),
    )


def macro_f1(labels: Flags, answers: Flags) -> float:
    """Returns the mean F1 over the labels that occur in truth or answers."""
    return _macro_f1(np.stack([labels & answers, labels, answers]).astype(np.float64).sum(axis=1))


def mean_average_precision(labels: Flags, found: Floats) -> float:
    """Returns the mean, over the labels that some document has, of the area under precision against recall."""
    known = labels.any(axis=0)
    if not known.any():
        return float("nan")
    return float(average_precision_score(labels[:, known], found[:, known], average="macro"))


def best_threshold(labels: Flags, found: Floats) -> float:
    """Returns the threshold from 0.05 to 0.95 (by 0.05) of the best macro-F1; among equals the nearest to 0.5."""
    return float(min(_THRESHOLDS, key=lambda t: (-round(macro_f1(labels, found >= t), 9), abs(t - THRESHOLD))).round(2))


def _micro_f1(parts: Floats) -> float:
    both, true, answered = parts.sum(axis=1)
    return float(2 * both / (true + answered)) if true + answered else 0.0


def _macro_f1(parts: Floats) -> float:
    both, true, answered = parts
    occurs = (true + answered) > 0
    return float(np.mean(2 * both[occurs] / (true + answered)[occurs])) if occurs.any() else 0.0
