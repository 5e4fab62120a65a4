import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protran.studies.texts import Documents, TextsError, absence_notes, split_documents
from protran.tasks.splitting import Fractions

QUARTERS = Fractions(0.25, 0.25)


def documents(count):
    return Documents(
        tuple(f"text {number}" for number in range(count)), tuple((number % 2,) for number in range(count))
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 60), st.integers(0, 5), st.floats(0.05, 0.44), st.floats(0.05, 0.44))
def test_every_document_is_in_one_set_and_no_set_is_empty(count, seed, validation, test):
    parts = split_documents(documents(count), Fractions(validation, test), seed)
    assert all(len(part) for part in parts)
    assert sorted(text for part in parts for text in part.texts) == sorted(documents(count).texts)


def test_sizes_are_the_fractions_and_labels_stay_with_their_texts():
    parts = split_documents(documents(100), QUARTERS, 0)
    assert [len(part) for part in parts] == [50, 25, 25]
    for part in parts:
        assert all(labels == (int(text.split()[1]) % 2,) for text, labels in zip(part.texts, part.labels, strict=True))


def test_equal_seeds_split_alike_and_others_otherwise():
    assert split_documents(documents(30), QUARTERS, 1) == split_documents(documents(30), QUARTERS, 1)
    assert split_documents(documents(30), QUARTERS, 1) != split_documents(documents(30), QUARTERS, 2)


def test_two_documents_are_too_few():
    with pytest.raises(TextsError, match="at least 3 documents, one for each set, got 2"):
        split_documents(documents(2), QUARTERS, 0)


def test_labels_become_rows_of_a_multi_hot_matrix():
    some = Documents(("a", "b", "c"), ((0, 2), (), (1,)))
    assert np.array_equal(some.multi_hot(3), [[True, False, True], [False] * 3, [False, True, False]])


@pytest.mark.parametrize("labels", [(0, 3), (-1,)])
def test_a_label_number_without_a_name_is_refused(labels):
    with pytest.raises(TextsError, match="label numbers from 0 to 2"):
        Documents(("a",), (labels,)).multi_hot(3)


def test_texts_without_labels_are_refused():
    with pytest.raises(TextsError, match="expected labels for 2 documents, got them for 1"):
        Documents(("a", "b"), ((0,),))


def test_a_label_that_a_set_lacks_is_noted():
    both, one = Documents(("a", "b"), ((0,), (1,))), Documents(("c",), ((0,),))
    assert absence_notes(both, both, one, ("cs.AI", "cs.LG")) == (
        "No document with the label cs.LG is in the test set.",
    )
