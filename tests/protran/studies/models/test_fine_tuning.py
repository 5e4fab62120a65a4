"""Trainings of tiny models."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.special import expit

from protran.studies.models.contestants import Contestant, find_contestants
from protran.studies.models.fine_tuning import answers, fine_tune
from protran.studies.models.scoring import decide, probabilities, text_scores
from protran.studies.models.weights_file import load_model
from protran.training.errors import TrainingError
from search_spaces.candidate import Architecture, HeadKind, Layer


@pytest.fixture
def entrant(make_entrants):
    return make_entrants()[0]


def tuned(entrant, path, seed=0, **changes):
    recipe = dataclasses.replace(entrant.recipe, **changes)
    return fine_tune(entrant.contestant, entrant.input_spec, entrant.texts, recipe, seed, path)


@pytest.mark.parametrize("several", [True, False])
def test_a_model_learns_words_that_say_their_labels(make_plan, make_entrants, make_texts, tmp_path, several):
    wide = Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (32,)),))
    plan = make_plan(contestants=(Contestant("wide", wide),))
    (entrant,) = make_entrants(plan, make_texts(several=several, train=48))
    path = tmp_path / "w.safetensors"
    outcome = tuned(entrant, path, epochs=12, learning_rate=2e-2, batch_size=8, dropout=0.0)
    model = load_model(path, wide, entrant.input_spec)
    test = entrant.texts.test
    found = probabilities(answers(model, test).numpy(), several)
    assert text_scores(test.labels, decide(found, several)).subset_accuracy > 0.9
    assert math.isnan(outcome.threshold) is not several


@pytest.mark.parametrize("several", [True, False])
def test_a_fresh_model_answers_how_common_each_label_is(make_entrants, make_texts, tmp_path, several):
    (entrant,) = make_entrants(data=make_texts(several=several))
    tuned(entrant, tmp_path / "w", epochs=1, learning_rate=1e-12)
    bias = load_file(tmp_path / "w")["classifier.output.bias"].numpy()
    shares = (entrant.texts.train.labels.sum(axis=0) + 0.5) / 25
    np.testing.assert_allclose(expit(bias) if several else np.exp(bias), shares, rtol=1e-5)


def test_equal_seeds_give_equal_weights_and_others_do_not(entrant, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        tuned(entrant, tmp_path / name, seed)
    first, again, other = (load_file(tmp_path / name) for name in ("a", "b", "c"))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_callers_random_state_and_threads_stay(entrant, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    tuned(entrant, tmp_path / "w", threads=2)
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == 1


def test_what_is_told_of_a_training(entrant, tmp_path):
    outcome = tuned(entrant, tmp_path / "w")
    assert 1 <= outcome.best_epoch <= 2
    assert outcome.train_s > 0
    assert outcome.parameters == sum(tensor.numel() for tensor in load_file(tmp_path / "w").values())


def test_the_epoch_of_the_least_validation_loss_is_kept(entrant, tmp_path, monkeypatch):
    losses = iter([3.0, 1.0, 2.0])
    from protran.studies.models import fine_tuning

    real = fine_tuning._Training._loss

    def loss(self, logits, labels):
        found = real(self, logits, labels)
        return torch.tensor(next(losses)) if not found.requires_grad else found

    monkeypatch.setattr(fine_tuning._Training, "_loss", loss)
    assert tuned(entrant, tmp_path / "w", epochs=3).best_epoch == 2


def test_a_training_that_diverges_is_told(entrant, tmp_path):
    with pytest.raises(TrainingError, match="the loss became nan in step"):
        tuned(entrant, tmp_path / "w", learning_rate=1e30, epochs=3)


def test_published_weights_are_where_it_starts(write_checkpoint, tmp_path, make_plan, make_entrants):
    folder = write_checkpoint(tmp_path / "published")
    contestants = find_contestants(["mine"], {"mine": str(folder)}, {}, length=16)
    (entrant,) = make_entrants(make_plan(contestants=contestants, epochs=1))
    tuned(entrant, tmp_path / "w", learning_rate=1e-12)
    before = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    torch.testing.assert_close(load_file(tmp_path / "w")["embedding.words.weight"], before)


def test_answers_come_in_the_order_of_the_documents(entrant, tmp_path):
    tuned(entrant, tmp_path / "w")
    model = load_model(tmp_path / "w", entrant.contestant.architecture, entrant.input_spec)
    together = answers(model, entrant.texts.test)
    for row, document in enumerate(entrant.texts.test.tokens):
        alone = model(torch.from_numpy(document)[None])[0].detach()
        torch.testing.assert_close(together[row], alone, atol=1e-5, rtol=0)
