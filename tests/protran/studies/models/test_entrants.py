"""Models made ready."""

import dataclasses

import pytest

from protran.errors import InputError
from protran.studies.models.contestants import Contestant, find_contestants
from protran.studies.models.entrants import enter, with_fewer_documents


def test_models_without_weights_share_a_vocabulary_that_is_learned(make_entrants, make_plan, architecture):
    pair = (Contestant("a", architecture), Contestant("b", architecture))
    first, second = make_entrants(make_plan(contestants=pair))
    assert first.texts is second.texts
    assert first.vocabulary.origin.endswith("commonest words and characters of the training texts")
    assert first.input_spec.vocabulary == first.vocabulary.size


def test_models_without_weights_take_the_words_of_one_with_weights(
    make_entrants, make_plan, architecture, write_checkpoint, tmp_path
):
    place = {"mine": str(write_checkpoint(tmp_path / "published"))}
    contestants = find_contestants(["small", "mine"], place, {"small": architecture}, length=16)
    fresh, loaded = make_entrants(make_plan(contestants=contestants))
    assert fresh.vocabulary is loaded.vocabulary
    assert (fresh.input_spec.vocabulary, loaded.input_spec.vocabulary) == (8, 8)


def test_a_vocabulary_with_more_words_than_the_weights_is_refused(make_plan, write_checkpoint, tmp_path, texts):
    folder = write_checkpoint(tmp_path / "published")
    with (folder / "vocab.txt").open("a") as file:
        file.write("another\n")
    contestants = find_contestants(["mine"], {"mine": str(folder)}, {}, length=16)
    with pytest.raises(InputError, match="expected a vocabulary of at most 8 words, got 9"):
        enter(make_plan(contestants=contestants), texts, tmp_path / "study")


def test_the_key_changes_with_whatever_a_training_depends_on(make_entrants, make_plan, texts, tmp_path):
    (first,) = make_entrants()
    (again,) = make_entrants()
    (longer,) = make_entrants(make_plan(scratch_epochs=3))
    (shorter,) = make_entrants(make_plan(length=12))
    assert first.key == again.key
    assert len({first.key, longer.key, shorter.key}) == 3
    assert first.weights_path(tmp_path, 0) != first.weights_path(tmp_path, 1)


def test_documents_to_calibrate_on_are_spread_over_the_training_set(make_entrants, make_texts):
    (few,) = make_entrants(data=make_texts(train=10))
    assert len(few.calibration()) == 10
    (many,) = make_entrants(data=make_texts(train=200))
    found = many.calibration()
    assert len(found) == 64
    assert (found[0] is many.texts.train.tokens[0], found[-1] is many.texts.train.tokens[-1]) == (True, True)


def test_a_sample_of_training_documents_depends_on_the_seed_alone(texts):
    samples = [with_fewer_documents(texts, 5, seed).train for seed in (0, 0, 1)]
    assert samples[0] == samples[1]
    assert samples[0] != samples[2]
    assert len(samples[0]) == 5
    fewer = with_fewer_documents(texts, 5, 0)
    assert (fewer.test, fewer.validation) == (texts.test, texts.validation)
    assert "random sample of 5 of the 24 training documents" in fewer.notes[-1]


def test_no_sample_is_drawn_where_all_are_wanted(texts):
    assert with_fewer_documents(texts, None, 0) is texts
    assert with_fewer_documents(texts, 24, 0) is texts


def test_a_shared_vocabulary_does_not_hide_what_differs(make_entrants):
    (entrant,) = make_entrants()
    other = dataclasses.replace(entrant, vocabulary=dataclasses.replace(entrant.vocabulary, origin="other"))
    assert other.key == entrant.key  # the origin is for people
