"""The study's recipe against a plain loop with Adam."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.studies.compression.recipes import STUDY_RECIPE
from protran.tasks.base import Task
from protran.training.normalisation import Normalisation
from protran.training.recipe import Recipe, Schedule, learning_rate_at
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.models.build import build_encoder

SMALL = Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,), (16,)),))


def test_its_learning_rate_is_always_the_same_whatever_the_hidden_size() -> None:
    assert {learning_rate_at(step, 10, STUDY_RECIPE, hidden) for step in range(10) for hidden in (8, 128)} == {1e-3}


def test_the_schedule_is_left_out_of_json_where_it_is_the_usual_one() -> None:
    assert Recipe().to_json() == {}
    assert Recipe.from_json({"schedule": "constant"}) == Recipe(schedule=Schedule.CONSTANT)
    with pytest.raises(InputError, match="schedule must be one of one-cycle, constant, got 'cosine'"):
        Recipe.from_json({"schedule": "cosine"})


def test_it_trains_to_its_last_epoch_and_keeps_that_one(waves: Task) -> None:
    losses = []
    outcome = train(
        SMALL, waves.load(), STUDY_RECIPE, Fidelity(20), 0, on_epoch=lambda e: losses.append(e.validation_loss)
    )
    assert (outcome.best_epoch, len(losses)) == (20, 20)


def test_what_is_no_truth_value_is_refused() -> None:
    with pytest.raises(InputError, match="keeps_last must be true or false"):
        Recipe(keeps_last="no")


def test_a_training_by_it_is_adam_with_its_defaults_on_the_cross_entropy(waves: Task, tmp_path) -> None:
    data, seed = waves.load(), 3
    torch.manual_seed(seed)
    model = build_encoder(SMALL, data.input_spec, dropout=0.0)
    optimizer = torch.optim.Adam(model.parameters())
    random = torch.Generator().manual_seed(seed)
    signals = Normalisation.fit(data.train.signals, data.axes).apply(data.train.signals)
    inputs, labels = torch.from_numpy(signals), torch.from_numpy(data.train.labels)
    for batch in torch.randperm(len(labels), generator=random).tensor_split(len(labels) // 32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs[batch]), labels[batch]).backward()
        optimizer.step()
    train(SMALL, data, STUDY_RECIPE, Fidelity(1), seed, weights_path=tmp_path / "weights.safetensors")
    found, _ = load_weights(tmp_path / "weights.safetensors", SMALL, data.input_spec)
    for ours, theirs in zip(found.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
