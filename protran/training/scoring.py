"""From a training request to its outcome: train, or take the weights of the same training, then deploy and score."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from protran.tasks.base import TaskData
from protran.training.compress import compress
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.outcome import TrainingOutcome
from protran.training.request import TrainingRequest
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.deployment import Deployment
from search_spaces.models import EncoderModel


def scored(request: TrainingRequest, data: TaskData) -> TrainingOutcome:
    """Returns the outcome of a request; its scores do not depend on whether the weights were there already.

    Raises:
        TrainingError, SpaceError: as `train` and `compress`.
    """
    if request.weights_folder is not None:
        return _scored(request, data, request.weights_folder / request.weights_name)
    if request.deployment == Deployment():
        return _trained(request, data, None)
    with tempfile.TemporaryDirectory() as folder:
        return _scored(request, data, Path(folder) / request.weights_name)


def _scored(request: TrainingRequest, data: TaskData, path: Path) -> TrainingOutcome:
    """Trains into a file unless it is there, and deploys what it holds."""
    trained, known = None, _known(request, path)
    if known is None:
        trained = _trained(request, data, path)
        if request.deployment == Deployment():
            return trained
        known = load_weights(path, request.architecture, request.input_spec)
    model, normalisation = known
    deployed = compress(model, request.candidate, data, request.recipe, request.fidelity, normalisation, request.seed)
    return deployed if trained is None else _joined(trained, deployed)


def _trained(request: TrainingRequest, data: TaskData, path: Path | None) -> TrainingOutcome:
    return train(request.architecture, data, request.recipe, request.fidelity, request.seed, weights_path=path)


def _known(request: TrainingRequest, path: Path) -> tuple[EncoderModel, Normalisation] | None:
    """Returns what the file holds; a file that is missing or spoilt is written anew, with the same weights."""
    try:
        return load_weights(path, request.architecture, request.input_spec)
    except TrainingError:
        return None


def _joined(trained: TrainingOutcome, deployed: TrainingOutcome) -> TrainingOutcome:
    """Returns the outcome of a training and the compression after it: scores of the latter, history of both."""
    return dataclasses.replace(
        deployed,
        history=(*trained.history, *deployed.history),
        best_epoch=deployed.best_epoch or trained.best_epoch,
        train_s=trained.train_s + deployed.train_s,
        train_core_s=trained.train_core_s + deployed.train_core_s,
    )
