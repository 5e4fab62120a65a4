"""Compression: from a trained model to what its deployment leaves of it, fine-tuned and scored as it will run."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from protran.fidelity import Fidelity
from protran.tasks.base import TaskData
from protran.training.distillation import Teacher
from protran.training.memory import memory_errors_told
from protran.training.normalisation import Normalisation
from protran.training.one_thread import one_thread
from protran.training.outcome import TrainingOutcome
from protran.training.predictor import predictor, score
from protran.training.recipe import Recipe
from protran.training.subset import stratified_share
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.candidate import Candidate
from search_spaces.models import EncoderModel
from search_spaces.models.transforms import PruneNorm, prune
from search_spaces.pruning import deployed_architecture

FINE_TUNING_EPOCHS = 0.25  # as a share of the training's
FINE_TUNING_RATE = 0.3  # as a share of the training's learning rate
CALIBRATION_WINDOWS = 256
CALIBRATION_BATCH = 64


def compress(  # noqa: PLR0913, PLR0917 - what `train` takes, and what it gave
    model: EncoderModel,
    candidate: Candidate,
    data: TaskData,
    recipe: Recipe,
    fidelity: Fidelity,
    normalisation: Normalisation,
    seed: int,
    teacher: Teacher | None = None,
) -> TrainingOutcome:
    """Prunes a trained model, fine-tunes what is left, puts it into its precision and scores that.

    Heads and channels of the smallest L2 norm go. Where nothing goes, nothing is fine-tuned. Where nothing at all is
    changed, the scores are those of the training. The outcome is a function of the arguments, as that of `train`.

    Args:
        model: trained, in fp32, of the candidate's architecture; not changed.
        candidate: what is deployed, and how.
        data: the task's three sets; training windows alone are calibrated on.
        recipe: how the weights were fitted.
        fidelity: the effort of the training.
        normalisation: what the model's inputs go through.
        seed: of order and augmentation in the fine-tuning, and of the choice of windows to calibrate on.
        teacher: whose answers the fine-tuning learns from too, as `train` does; only asked where something goes.

    Returns:
        The scores; history, best epoch (0 for none) and seconds are those of the compression alone.

    Raises:
        TrainingError: the loss or an answer became infinite or not a number, or memory ran out.
        SpaceError: onnx or onnxruntime is needed and not installed, or the model cannot be pruned or exported.
    """
    began_s, began_core_s = time.perf_counter(), time.process_time()
    tuned = None
    if deployed_architecture(candidate) != candidate.architecture:
        pruned = prune(model, candidate, PruneNorm.L2)
        model, tuned = fine_tune(pruned, candidate, data, recipe, fidelity, seed, teacher)
        normalisation = tuned.normalisation
    classes = len(data.classes)
    with memory_errors_told(), one_thread():
        predict = predictor(model.eval(), candidate, calibration_windows(data, normalisation, seed))
        return TrainingOutcome(
            validation=None if fidelity.refit else score(predict, data.validation, normalisation, classes),
            test=score(predict, data.test, normalisation, classes),
            history=() if tuned is None else tuned.history,
            best_epoch=0 if tuned is None else tuned.best_epoch,
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            train_s=time.perf_counter() - began_s,
            train_core_s=time.process_time() - began_core_s,
            normalisation=normalisation,
        )


def fine_tune(  # noqa: PLR0917 - what `train` takes
    pruned: EncoderModel,
    candidate: Candidate,
    data: TaskData,
    recipe: Recipe,
    fidelity: Fidelity,
    seed: int,
    teacher: Teacher | None = None,
) -> tuple[EncoderModel, TrainingOutcome]:
    """Trains a pruned model a little more, with smaller steps, and returns the best weights and their outcome.

    Args:
        pruned: of the candidate's deployed architecture; not changed.
        candidate: what is deployed.
        data: the task's three sets.
        recipe: how the weights were fitted before.
        fidelity: the effort of the training before, of which this takes a share.
        seed: of order and augmentation.
        teacher: whose answers it learns from too, where the recipe's `distillation` is above 0.

    Raises:
        TrainingError: the loss became infinite or not a number, or memory ran out.
    """
    gentle = dataclasses.replace(recipe, learning_rate=FINE_TUNING_RATE * recipe.learning_rate)
    short = dataclasses.replace(fidelity, epochs=max(1, round(FINE_TUNING_EPOCHS * fidelity.epochs)))
    architecture = deployed_architecture(candidate)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tuned.safetensors"
        outcome = train(
            architecture,
            data,
            gentle,
            short,
            seed,
            weights_path=path,
            start=lambda model: model.load_state_dict(pruned.state_dict()),
            teacher=teacher,
        )
        model, _ = load_weights(path, architecture, data.input_spec)
    return model, outcome


def calibration_windows(data: TaskData, normalisation: Normalisation, seed: int) -> tuple[Tensor, ...]:
    """Returns batches of normalised training windows to calibrate on, in the proportions of their classes."""
    labels = data.train.labels
    chosen = data.train.where(stratified_share(labels, min(1.0, CALIBRATION_WINDOWS / len(labels)), seed))
    return torch.split(torch.from_numpy(normalisation.apply(chosen.signals)), CALIBRATION_BATCH)
