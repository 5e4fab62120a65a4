from dataclasses import replace

import numpy as np
import pytest
import torch

from protran.fidelity import Fidelity
from protran.training import train as module
from protran.training.errors import TrainingError
from protran.training.hurdle import Hurdle, Stop
from protran.training.recipe import Recipe
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.models import build_model

RECIPE = Recipe(batch_size=16, learning_rate=0.01)
SHORT = Fidelity(3)


def _figures(outcome):
    return [(r.train_loss, r.validation_loss, r.validation_accuracy) for r in outcome.history], outcome.metrics


def test_what_can_be_learned_is_learned(waves, small):
    outcome = train(small, waves, RECIPE, Fidelity(30), seed=0)
    assert outcome.metrics["test_accuracy"] > 0.85
    assert outcome.history[-1].train_loss < 0.7 * outcome.history[0].train_loss


def test_equal_arguments_give_equal_outcomes_whatever_ran_before(waves, small):
    first = train(small, waves, RECIPE, SHORT, seed=5)
    torch.manual_seed(99)
    torch.randn(7)
    assert _figures(train(small, waves, RECIPE, SHORT, seed=5)) == _figures(first)


def test_another_seed_gives_another_outcome(waves, small):
    assert _figures(train(small, waves, RECIPE, SHORT, 0))[0] != _figures(train(small, waves, RECIPE, SHORT, 1))[0]


def test_the_callers_random_state_and_threads_are_left_alone(waves, small):
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train(small, waves, RECIPE, Fidelity(1), 0)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_the_test_set_changes_nothing_but_the_test_scores(waves, small):
    other = replace(waves, test=waves.test.where(np.arange(len(waves.test)) % 2 == 0))
    one, two = train(small, waves, RECIPE, SHORT, 0), train(small, other, RECIPE, SHORT, 0)
    assert _figures(one)[0] == _figures(two)[0]
    assert one.validation == two.validation


def test_a_refit_learns_from_the_validation_set_and_has_no_score_on_it(waves, small):
    outcome = train(small, waves, RECIPE, replace(SHORT, refit=True), 0)
    joined = train(small, replace(waves, train=waves.known), RECIPE, SHORT, 0)
    assert outcome.validation is None
    assert set(outcome.metrics) == set(outcome.stderr) == {"test_accuracy", "test_macro_f1"}
    assert outcome.best_epoch == SHORT.epochs
    assert [r.train_loss for r in outcome.history] == [r.train_loss for r in joined.history]
    assert {record.validation_loss for record in outcome.history} == {None}


def test_a_refit_does_not_stop_early(waves, small):
    outcome = train(small, waves, replace(RECIPE, patience=1), Fidelity(6, refit=True), 0)
    assert len(outcome.history) == 6


def test_normalisation_sees_training_data_only(waves, small):
    far = replace(waves.validation, signals=waves.validation.signals + 1000)
    one = train(small, waves, RECIPE, Fidelity(1), 0)
    two = train(small, replace(waves, validation=far, test=far), RECIPE, Fidelity(1), 0)
    assert one.normalisation == two.normalisation


def test_the_weights_of_the_best_validation_epoch_are_kept(waves, small, monkeypatch):
    losses = iter([0.9, 0.4, 0.7])
    accuracies = {}
    original = module._Training._validate

    def scripted(self, inputs, labels):
        accuracies[len(accuracies) + 1] = original(self, inputs, labels)[1]
        return next(losses), accuracies[len(accuracies)]

    monkeypatch.setattr(module._Training, "_validate", scripted)
    outcome = train(small, waves, RECIPE, SHORT, 0)
    assert outcome.best_epoch == 2
    assert outcome.metrics["validation_accuracy"] == pytest.approx(accuracies[2])


def test_training_stops_when_validation_stops_improving(waves, small, monkeypatch):
    losses = iter([0.5, *[0.6] * 20])
    monkeypatch.setattr(module._Training, "_validate", lambda self, inputs, labels: (next(losses), 0.5))
    outcome = train(small, waves, replace(RECIPE, patience=2), Fidelity(10), 0)
    assert [record.epoch for record in outcome.history] == [1, 2, 3]


def test_each_epoch_is_reported(waves, small):
    seen = []
    outcome = train(small, waves, RECIPE, SHORT, 0, on_epoch=seen.append)
    assert tuple(seen) == outcome.history
    assert [record.epoch for record in seen] == [1, 2, 3]


def test_parameters_are_counted_and_every_score_has_an_error_bar(waves, small):
    outcome = train(small, waves, RECIPE, Fidelity(1), 0)
    assert outcome.parameters == sum(p.numel() for p in build_model(small, waves.input_spec).parameters())
    assert outcome.metrics.keys() == outcome.stderr.keys()
    assert set(outcome.metrics) == {f"{s}_{m}" for s in ("validation", "test") for m in ("accuracy", "macro_f1")}


def test_a_start_that_changes_nothing_changes_no_figure(waves, small):
    seen = []
    started = train(small, waves, RECIPE, SHORT, 0, start=seen.append)
    assert _figures(started) == _figures(train(small, waves, RECIPE, SHORT, 0))
    assert len(seen) == 1


def test_a_training_begins_with_the_weights_that_the_start_puts_in(waves, small, tmp_path):
    # With steps of nearly no length, what is kept at the end is what the start put in.
    path, still = tmp_path / "weights.safetensors", replace(RECIPE, learning_rate=1e-8)
    train(small, waves, RECIPE, SHORT, 0, weights_path=path)
    before, _ = load_weights(path, small, waves.input_spec)
    train(
        small, waves, still, Fidelity(1), 1, weights_path=path, start=lambda m: m.load_state_dict(before.state_dict())
    )
    after, _ = load_weights(path, small, waves.input_spec)
    for name, tensor in before.state_dict().items():
        assert torch.allclose(after.state_dict()[name], tensor, atol=1e-5)


def test_saved_weights_score_as_reported(waves, small, tmp_path):
    path = tmp_path / "new" / "weights.safetensors"
    outcome = train(small, waves, RECIPE, SHORT, 0, weights_path=path)
    model, normalisation = load_weights(path, small, waves.input_spec)
    with torch.no_grad():
        logits = model(torch.from_numpy(normalisation.apply(waves.test.signals)))
    assert (logits.argmax(1).numpy() == waves.test.labels).mean() == pytest.approx(outcome.metrics["test_accuracy"])
    assert normalisation == outcome.normalisation
    assert [found.name for found in path.parent.iterdir()] == ["weights.safetensors"]


def test_weights_that_cannot_be_saved_are_one_sentence(waves, small, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match="cannot write the weights to"):
        train(small, waves, RECIPE, Fidelity(1), 0, weights_path=tmp_path / "file" / "weights.safetensors")


def test_a_loss_that_is_no_number_is_one_sentence(waves, small):
    broken = replace(waves, train=replace(waves.train, signals=np.full_like(waves.train.signals, np.nan)))
    with pytest.raises(TrainingError, match="the loss became nan in step 1 of 18; lower the learning rate"):
        train(small, broken, RECIPE, SHORT, 0)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 1")],
)
def test_running_out_of_memory_is_one_sentence(waves, small, monkeypatch, error):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(module, "build_encoder", fail)
    with pytest.raises(TrainingError, match="ran out of memory"):
        train(small, waves, RECIPE, SHORT, 0)


def test_a_mistake_in_the_code_is_not_taken_for_a_failed_training(waves, small, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(module, "build_encoder", fail)
    with pytest.raises(RuntimeError, match="mat1") as caught:
        train(small, waves, RECIPE, SHORT, 0)
    assert not isinstance(caught.value, TrainingError)


def test_every_kind_of_head_trains(waves):
    mixed = Architecture((Layer(16, tuple(HeadKind)[:4], (16,)), Layer(24, tuple(HeadKind)[4:], (16, 8))))
    assert all(np.isfinite(r.train_loss) for r in train(mixed, waves, RECIPE, SHORT, 0).history)


def test_a_training_that_does_not_reach_its_hurdle_is_stopped_with_what_it_had(waves, small, tmp_path):
    whole = train(small, waves, RECIPE, SHORT, 0)
    path = tmp_path / "weights.safetensors"
    outcome = train(small, waves, RECIPE, SHORT, 0, weights_path=path, hurdle=Hurdle((0.0, 1.0)))
    reached = max(record.validation_accuracy for record in outcome.history)
    assert outcome.stopped == Stop(epoch=2, reached=reached, needed=1.0)
    assert _figures(outcome)[0] == _figures(whole)[0][:2]
    assert {"validation_accuracy", "test_accuracy"} <= outcome.metrics.keys()
    assert not path.exists()


def test_a_training_that_passes_its_hurdles_is_the_one_without(waves, small, tmp_path):
    path = tmp_path / "weights.safetensors"
    outcome = train(small, waves, RECIPE, SHORT, 0, weights_path=path, hurdle=Hurdle((0.0, 0.0, 1.0)))
    assert outcome.stopped is None  # nothing is left to save after the last epoch
    assert _figures(outcome) == _figures(train(small, waves, RECIPE, SHORT, 0))
    assert path.exists()


def test_a_refit_has_no_hurdle(waves, small):
    with pytest.raises(TrainingError, match="no hurdle for a refit"):
        train(small, waves, RECIPE, replace(SHORT, refit=True), 0, hurdle=Hurdle((0.5,)))
