import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.tasks.errors import TaskError
from protran.tasks.splitting import Fractions, split_at_random, split_by_group

QUARTERS = Fractions(0.25, 0.25)


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 12), st.integers(2, 4), st.integers(0, 5))
def test_groups_stay_together_and_every_set_gets_some(groups, classes, seed):
    members = np.repeat(np.arange(groups), 4 * classes)
    labels = np.tile(np.arange(classes), 4 * groups)
    sets = split_by_group(labels, members, QUARTERS, seed)
    assert set(sets.tolist()) == {0, 1, 2}
    assert all(len(set(sets[members == group].tolist())) == 1 for group in range(groups))
    assert set(labels[sets == 0].tolist()) == set(range(classes))


def test_sizes_come_near_the_fractions():
    members, labels = np.repeat(np.arange(20), 10), np.tile(np.arange(2), 100)
    sets = split_by_group(labels, members, QUARTERS, 0)
    assert np.bincount(sets).tolist() == [100, 50, 50]


def test_classes_are_balanced_where_groups_have_one_class_each():
    labels = np.repeat([0, 0, 0, 0, 1, 1, 1, 1], 5)
    sets = split_by_group(labels, np.repeat(np.arange(8), 5), QUARTERS, 0)
    assert all(set(labels[sets == number].tolist()) == {0, 1} for number in range(3))


def test_equal_seeds_split_alike():
    members, labels = np.repeat(np.arange(9), 6), np.tile(np.arange(3), 18)
    first, second = (split_by_group(labels, members, QUARTERS, 3) for _ in range(2))
    assert np.array_equal(first, second)


def test_two_groups_are_too_few():
    with pytest.raises(TaskError, match="at least 3 groups"):
        split_by_group(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]), QUARTERS, 0)


def test_classes_that_cannot_all_be_in_training_are_refused():
    labels = np.arange(3)  # each class in a group of its own: two of three must leave training
    with pytest.raises(TaskError, match="every class in the training set"):
        split_by_group(labels, labels, QUARTERS, 0)


def test_a_random_split_keeps_the_proportions_of_classes():
    labels = np.repeat([0, 1], [80, 40])
    sets = split_at_random(labels, QUARTERS, 0)
    assert [np.bincount(labels[sets == number]).tolist() for number in range(3)] == [[40, 20], [20, 10], [20, 10]]


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_random_split_of_very_few_windows_gives_each_set_one_of_every_class(count):
    labels = np.repeat([0, 1], count)
    sets = split_at_random(labels, Fractions(0.4, 0.4), 0)
    assert all(set(labels[sets == number].tolist()) == {0, 1} for number in range(3))


def test_a_class_with_two_windows_is_refused():
    with pytest.raises(TaskError, match="at least 3 windows of every class, got 2"):
        split_at_random(np.array([0, 0, 0, 1, 1]), QUARTERS, 0)


@pytest.mark.parametrize("fractions", [(0.0, 0.2), (0.2, 1.0), (0.5, 0.45), ("a", 0.2)])
def test_impossible_fractions_are_refused(fractions):
    with pytest.raises(TaskError, match="fraction"):
        Fractions(*fractions)
