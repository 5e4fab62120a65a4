"""From a training request to its outcome: train, or take the weights of the same training, then deploy and score."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path

from protran.tasks.base import TaskData
from protran.training.compress import compress
from protran.training.distillation import Teacher
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.outcome import TrainingOutcome
from protran.training.request import TrainingRequest
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.deployment import Deployment
from search_spaces.models import EncoderModel
from search_spaces.pruning import deployed_architecture


def scored(request: TrainingRequest, data: TaskData) -> TrainingOutcome:
    """Returns the outcome of a request; its scores do not depend on whether the weights were there already.

    A teacher's weights are those of its own request: found beside the student's, or trained again, which counts among
    the outcome's seconds.

    Raises:
        TrainingError, SpaceError: as `train` and `compress`.
    """
    kept = None if request.weights_folder is None else request.weights_folder / request.weights_name
    if request.hurdle is not None and (kept is None or not kept.exists()):
        return _up_to_the_hurdle(request, data, kept)
    if request.weights_folder is not None:
        return _scored(request, data, request.weights_folder)
    if request.deployment == Deployment() and request.teacher is None:
        return train(request.architecture, data, request.recipe, request.fidelity, request.seed)
    with tempfile.TemporaryDirectory() as folder:
        return _scored(request, data, Path(folder))


def _up_to_the_hurdle(request: TrainingRequest, data: TaskData, weights_path: Path | None) -> TrainingOutcome:
    """Trains until it ends or is stopped; weights are kept of the former alone, so that those that are there ended."""
    return train(
        request.architecture,
        data,
        request.recipe,
        request.fidelity,
        request.seed,
        weights_path=weights_path,
        hurdle=request.hurdle,
    )


@dataclass(frozen=True)
class _Trained:
    """The weights of a request, and the training that made them just now; None where they were there."""

    model: EncoderModel
    normalisation: Normalisation
    outcome: TrainingOutcome | None


def _scored(request: TrainingRequest, data: TaskData, folder: Path) -> TrainingOutcome:
    """Trains into a file of the folder unless it is there, and deploys what it holds."""
    trained = _trained(request, data, folder)
    if trained.outcome is not None and request.deployment == Deployment():
        return trained.outcome
    prunes = deployed_architecture(request.candidate) != request.architecture
    teacher, lesson = _teacher(request, data, folder) if prunes else (None, None)
    deployed = compress(
        trained.model,
        request.candidate,
        data,
        request.recipe,
        request.fidelity,
        trained.normalisation,
        request.seed,
        teacher,
    )
    joined = deployed if trained.outcome is None else _joined(trained.outcome, deployed)
    return _with_seconds(joined, lesson)


def _trained(request: TrainingRequest, data: TaskData, folder: Path) -> _Trained:
    """Returns what the file holds; a file that is missing or spoilt is written anew, with the same weights."""
    path = folder / request.weights_name
    try:
        return _Trained(*load_weights(path, request.architecture, request.input_spec), outcome=None)
    except TrainingError:
        pass
    teacher, lesson = _teacher(request, data, folder)
    outcome = train(
        request.architecture,
        data,
        request.recipe,
        request.fidelity,
        request.seed,
        weights_path=path,
        teacher=teacher,
    )
    weights = load_weights(path, request.architecture, request.input_spec)
    return _Trained(*weights, outcome=_with_seconds(outcome, lesson))


def _teacher(request: TrainingRequest, data: TaskData, folder: Path) -> tuple[Teacher | None, TrainingOutcome | None]:
    """Returns the request's teacher, and its training where it was trained just now."""
    if request.teacher is None:
        return None, None
    trained = _trained(request.teacher, data, folder)
    return Teacher(trained.model, trained.normalisation), trained.outcome


def _with_seconds(outcome: TrainingOutcome, other: TrainingOutcome | None) -> TrainingOutcome:
    """Returns the outcome with the seconds of another training, which it took as well."""
    if other is None:
        return outcome
    return dataclasses.replace(
        outcome,
        train_s=outcome.train_s + other.train_s,
        train_core_s=outcome.train_core_s + other.train_core_s,
    )


def _joined(trained: TrainingOutcome, deployed: TrainingOutcome) -> TrainingOutcome:
    """Returns the outcome of a training and the compression after it: scores of the latter, history of both."""
    return dataclasses.replace(
        _with_seconds(deployed, trained),
        history=(*trained.history, *deployed.history),
        best_epoch=deployed.best_epoch or trained.best_epoch,
    )
