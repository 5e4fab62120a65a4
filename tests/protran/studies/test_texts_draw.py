"""Validation drawn where the test set is given, data with one label a document, and the version of data."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.studies.texts import Documents, TextData, TextsError, draw_validation


def documents(labels):
    return Documents(tuple(f"text {number}" for number in range(len(labels))), tuple(labels))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.integers(0, 4)), min_size=8, max_size=40), st.integers(0, 3))
def test_every_label_stays_in_training_and_every_document_is_in_one_set(sets, seed):
    given_ones = documents([tuple(sorted(one)) for one in [*sets, {0}, {0}, {0}]])
    train, validation = draw_validation(given_ones, 0.3, seed)
    assert sorted(train.texts + validation.texts) == sorted(given_ones.texts)
    assert {label for labels in train.labels for label in labels} == {
        label for labels in given_ones.labels for label in labels
    }
    assert 1 <= len(validation) <= max(1, round(0.3 * len(given_ones)))


def test_the_share_is_the_size_of_validation_where_nothing_has_to_stay():
    train, validation = draw_validation(documents([(0,)] * 40), 0.25, 0)
    assert (len(train), len(validation)) == (30, 10)


def test_a_text_that_comes_twice_is_never_in_validation():
    twice = Documents(("a", "b", "a", "c", "d"), ((0,),) * 5)
    for seed in range(20):
        assert "a" not in draw_validation(twice, 0.6, seed)[1].texts


def test_equal_seeds_draw_alike_and_others_otherwise():
    some = documents([(0,)] * 30)
    assert draw_validation(some, 0.2, 1) == draw_validation(some, 0.2, 1)
    assert draw_validation(some, 0.2, 1) != draw_validation(some, 0.2, 2)


@pytest.mark.parametrize("some", [documents([]), documents([(0,), (1,), (2,)]), Documents(("a", "a"), ((0,), (0,)))])
def test_documents_that_cannot_be_parted_are_refused(some):
    with pytest.raises(TextsError, match=r"got \d that cannot be parted .*; give more"):
        draw_validation(some, 0.5, 0)


@pytest.fixture
def data():
    parts = (Documents((f"{name} one", f"{name} two"), ((0,), (1,))) for name in ("train", "validation", "test"))
    return TextData(*parts, label_names=("cocoa", "tin"), rows=6, multi_label=False)


def test_the_version_is_the_same_for_equal_data_whatever_its_notes(data):
    assert data.version == replace(data, notes=("a note",), rows=7, left_out={"empty": 1}).version
    assert len(data.version) == 16


def test_the_version_changes_with_all_that_models_see(data):
    changed = [
        replace(data, label_names=("tin", "cocoa")),
        replace(data, multi_label=True),
        replace(data, train=data.test, test=data.train),
        replace(data, train=data.train.take([1, 0])),
        replace(data, test=Documents(data.test.texts, ((1,), (1,)))),
        replace(data, test=data.test.take([0])),
    ]
    assert len({data.version, *(one.version for one in changed)}) == len(changed) + 1


@pytest.mark.parametrize("labels", [(), (0, 1)])
def test_data_with_one_label_a_document_refuses_others(data, labels):
    wrong = Documents(("a", "b"), ((0,), labels))
    with pytest.raises(TextsError, match=f"expected one label a document, got {len(labels)} in the test set"):
        replace(data, test=wrong)
    assert replace(data, test=wrong, multi_label=True).test == wrong
