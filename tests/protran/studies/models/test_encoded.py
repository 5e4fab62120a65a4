"""Batches of documents."""

import numpy as np

from protran.studies.models.encoded import encode_texts, padded, training_batches
from protran.studies.models.vocabulary import learned_vocabulary


def tokens(*lengths):
    return tuple(np.arange(1, length + 1, dtype=np.int64) for length in lengths)


def test_every_document_is_in_one_batch():
    batches = training_batches(tokens(*range(1, 51)), 8, np.random.default_rng(0))
    assert sorted(place for batch in batches for place in batch) == list(range(50))
    assert {len(batch) for batch in batches} <= {8, 9}


def test_documents_of_a_batch_are_of_similar_length():
    batches = training_batches(tokens(*[3, 90] * 20), 4, np.random.default_rng(0))
    assert all(len({int(place) % 2 for place in batch}) == 1 for batch in batches)


def test_batches_come_in_another_order_each_time():
    generator = np.random.default_rng(0)
    first, second = (training_batches(tokens(*range(1, 65)), 4, generator) for _ in range(2))
    assert [list(batch) for batch in first] != [list(batch) for batch in second]


def test_padding_is_masked():
    ids, mask = padded(tokens(3, 1))
    assert ids.tolist() == [[1, 2, 3], [1, 0, 0]]
    assert mask.tolist() == [[True, True, True], [True, False, False]]


def test_texts_become_ids_and_labels_rows(texts, tmp_path):
    encoded = encode_texts(texts, learned_vocabulary(texts.train.texts, tmp_path / "v.json"), 6)
    assert [len(part) for part in (encoded.train, encoded.validation, encoded.test)] == [24, 9, 12]
    assert max(len(ids) for ids in encoded.train.tokens) == 6
    assert encoded.train.labels[0].tolist() == [True, True, False]
