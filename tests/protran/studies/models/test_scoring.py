"""Scores against scikit-learn, and against what can be said without it."""

import warnings

import numpy as np
import pytest
from sklearn import metrics

from protran.studies.models.scoring import (
    best_threshold,
    decide,
    macro_f1,
    mean_average_precision,
    probabilities,
    text_scores,
)


@pytest.fixture
def cases():
    random = np.random.default_rng(0)
    labels = random.random((200, 5)) < 0.3
    found = np.where(labels, 0.55, 0.35) + 0.3 * (random.random((200, 5)) - 0.5)
    return labels, found


def test_scores_are_those_of_scikit_learn(cases):
    labels, found = cases
    answers = found >= 0.5
    scores = text_scores(labels, answers)
    assert scores.subset_accuracy == pytest.approx(metrics.accuracy_score(labels, answers))
    assert scores.label_accuracy == pytest.approx(1 - metrics.hamming_loss(labels, answers))
    assert scores.micro_f1 == pytest.approx(metrics.f1_score(labels, answers, average="micro"))
    assert scores.macro_f1 == pytest.approx(metrics.f1_score(labels, answers, average="macro"))
    assert macro_f1(labels, answers) == scores.macro_f1


def test_errors_shrink_with_the_number_of_documents(cases):
    labels, found = cases
    few, many = (text_scores(labels[:size], found[:size] >= 0.5) for size in (50, 200))
    for name in ("subset_accuracy_stderr", "micro_f1_stderr", "macro_f1_stderr"):
        assert 0 < getattr(many, name) < getattr(few, name)


def test_the_bootstrap_error_of_a_micro_f1_is_near_its_spread_over_samples():
    random = np.random.default_rng(1)

    def sample():
        labels = random.random((100, 4)) < 0.4
        return labels, labels ^ (random.random((100, 4)) < 0.2)

    spread = np.std([text_scores(*sample()).micro_f1 for _ in range(60)])
    assert text_scores(*sample()).micro_f1_stderr == pytest.approx(spread, rel=0.4)


def test_a_label_that_neither_occurs_nor_is_answered_does_not_count():
    labels = np.array([[True, False], [True, False]])
    assert text_scores(labels, labels).macro_f1 == 1


def test_nothing_answered_and_nothing_true_scores_nothing():
    nothing = np.zeros((3, 2), dtype=bool)
    scores = text_scores(nothing, nothing)
    assert (scores.subset_accuracy, scores.micro_f1, scores.macro_f1) == (1, 0, 0)


def test_one_label_a_document_is_the_likeliest_one():
    found = probabilities(np.array([[2.0, 1.0], [0.0, 5.0]]), False)
    assert found.sum(axis=1) == pytest.approx([1, 1])
    assert decide(found, False).tolist() == [[True, False], [False, True]]


def test_several_labels_are_those_at_or_above_the_threshold():
    found = probabilities(np.array([[0.0, -1.0]]), True)
    assert decide(found, True).tolist() == [[True, False]]
    assert decide(found, True, 0.2).tolist() == [[True, True]]


def test_mean_average_precision_passes_over_labels_that_no_document_has(cases):
    labels, found = cases
    labels = labels.copy()
    labels[:, 0] = False
    expected = metrics.average_precision_score(labels[:, 1:], found[:, 1:], average="macro")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mean_average_precision(labels, found) == pytest.approx(expected)
    assert np.isnan(mean_average_precision(np.zeros((2, 2), dtype=bool), found[:2, :2]))


def test_the_chosen_threshold_is_the_best_of_all(cases):
    labels, found = cases
    chosen = best_threshold(labels, found)
    assert macro_f1(labels, found >= chosen) == max(macro_f1(labels, found >= t) for t in np.arange(1, 20) / 20)


def test_of_equally_good_thresholds_the_one_nearest_to_a_half_is_chosen():
    labels = np.array([[True], [False]])
    assert best_threshold(labels, np.array([[0.99], [0.01]])) == 0.5
