import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from protran.training.scores import Score, classifier_scores, combine_seeds


def _random_case(seed, count=60, classes=4, recordings=6):
    generator = np.random.default_rng(seed)
    labels = generator.integers(classes, size=count)
    guesses = np.where(generator.random(count) < 0.6, labels, generator.integers(classes, size=count))
    return labels, guesses, generator.integers(recordings, size=count)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(seed):
    labels, guesses, recordings = _random_case(seed)
    scores = classifier_scores(labels, guesses, recordings, 4)
    assert scores.accuracy.value == pytest.approx(accuracy_score(labels, guesses))
    assert scores.macro_f1.value == pytest.approx(f1_score(labels, guesses, average="macro"))


def test_a_class_that_neither_occurs_nor_is_guessed_does_not_count():
    labels = np.array([0, 0, 1, 1])
    assert classifier_scores(labels, labels, np.arange(4), 3).macro_f1.value == 1.0


def test_independent_windows_have_the_binomial_error():
    labels = np.zeros(400, dtype=np.int64)
    guesses = (np.arange(400) % 4 == 0).astype(np.int64)
    scores = classifier_scores(labels, guesses, np.arange(400), 2)
    assert scores.accuracy.stderr == pytest.approx(np.sqrt(0.75 * 0.25 / 399))


def test_windows_that_fail_together_widen_the_error_by_the_root_of_their_number():
    labels = np.zeros(400, dtype=np.int64)
    guesses = np.repeat((np.arange(40) % 4 == 0).astype(np.int64), 10)
    alone = classifier_scores(labels, guesses, np.arange(400), 2).accuracy.stderr
    together = classifier_scores(labels, guesses, np.repeat(np.arange(40), 10), 2).accuracy.stderr
    assert together / alone == pytest.approx(np.sqrt(10 * 399 / 390))


def test_the_error_covers_the_spread_over_redrawn_recordings():
    values, errors = [], []
    for seed in range(120):
        generator = np.random.default_rng(seed)
        right = generator.random(30) < generator.choice([0.5, 1.0], size=30)  # recordings are easy or hard
        labels = np.zeros(300, dtype=np.int64)
        scores = classifier_scores(labels, 1 - np.repeat(right, 10).astype(np.int64), np.repeat(np.arange(30), 10), 2)
        values.append(scores.accuracy.value)
        errors.append(scores.accuracy.stderr)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.2)


def test_the_error_of_macro_f1_is_near_that_of_accuracy_on_balanced_classes():
    labels, guesses, recordings = _random_case(1, count=2000, recordings=100)
    scores = classifier_scores(labels, guesses, recordings, 4)
    assert scores.macro_f1.stderr == pytest.approx(scores.accuracy.stderr, rel=0.4)


def test_one_recording_falls_back_to_the_binomial_error():
    labels, guesses = np.zeros(100, dtype=np.int64), (np.arange(100) < 20).astype(np.int64)
    assert classifier_scores(labels, guesses, np.zeros(100, dtype=np.int64), 2).accuracy.stderr == pytest.approx(0.04)


def test_equal_predictions_have_equal_scores():
    labels, guesses, recordings = _random_case(5)
    assert classifier_scores(labels, guesses, recordings, 4) == classifier_scores(labels, guesses, recordings, 4)


def test_one_seed_keeps_its_score():
    combined = combine_seeds([Score(0.8, 0.03)])
    assert (combined.value, combined.stderr) == pytest.approx((0.8, 0.03))


def test_seeds_average_out_their_own_spread_but_not_that_of_the_windows():
    combined = combine_seeds([Score(0.78, 0.03), Score(0.82, 0.03)])
    assert combined.value == pytest.approx(0.8)
    assert combined.stderr == pytest.approx(np.sqrt(0.03**2 + 0.0008 / 2))


def test_no_seed_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one score"):
        combine_seeds([])
