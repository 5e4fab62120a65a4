"""The trained model of a request: from the weights that were kept, or trained again, and then pruned and tuned."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protran.deploy.events import EpochDone, Observer, TrainingBegan
from protran.tasks.base import TaskData
from protran.training.compress import fine_tune
from protran.training.distillation import Teacher
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.outcome import EpochRecord
from protran.training.request import TrainingRequest
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.models import EncoderModel
from search_spaces.models.transforms import PruneNorm, prune
from search_spaces.pruning import deployed_architecture


@dataclass(frozen=True)
class TrainedModel:
    """A trained model in fp32, of the shapes that its deployment leaves.

    Attributes:
        model: ready to predict.
        normalisation: what its inputs go through.
        kept: its weights were found; otherwise they were trained again.
    """

    model: EncoderModel
    normalisation: Normalisation
    kept: bool


def trained_model(
    request: TrainingRequest,
    data: TaskData,
    folders: Sequence[Path],
    observer: Observer,
    expected_s: float | None = None,
) -> TrainedModel:
    """Returns the model that answers a request: the same weights as when it was scored.

    A training is a function of its request, so training again gives the weights that were not kept: on the same kind of
    processor, with the same versions of the libraries, to the last bit.

    Args:
        request: what was trained, and how it is deployed.
        data: its task's.
        folders: where weights may have been kept; they are only read.
        observer: is told of trainings.
        expected_s: what the training took before.

    Raises:
        TrainingError: the loss became infinite or not a number, or memory ran out.
        SpaceError: the model cannot be pruned.
    """
    with tempfile.TemporaryDirectory() as folder:
        weights = _Weights(data, (*folders, Path(folder)), Path(folder), observer)
        found = weights.of(request, "the model", expected_s)
        if deployed_architecture(request.candidate) == request.architecture:
            return found
        teacher = weights.teacher_of(request)
    pruned = prune(found.model, request.candidate, PruneNorm.L2)
    model, tuned = fine_tune(pruned, request.candidate, data, request.recipe, request.fidelity, request.seed, teacher)
    return TrainedModel(model.eval(), tuned.normalisation, found.kept)


class _Weights:
    """Finds weights, or trains them into a folder."""

    def __init__(self, data: TaskData, folders: Sequence[Path], scratch: Path, observer: Observer) -> None:
        self._data, self._folders, self._scratch, self._observer = data, folders, scratch, observer

    def of(self, request: TrainingRequest, what: str, expected_s: float | None = None) -> TrainedModel:
        """Returns the fp32 model of a request."""
        for folder in self._folders:
            try:
                model, normalisation = load_weights(
                    folder / request.weights_name, request.architecture, request.input_spec
                )
            except TrainingError:  # not there, or spoilt
                continue
            return TrainedModel(model, normalisation, kept=folder != self._scratch)
        teacher = self.teacher_of(request)
        epochs = request.fidelity.epochs
        self._observer(TrainingBegan(what, epochs, expected_s))

        def told(record: EpochRecord) -> None:
            self._observer(EpochDone(record.epoch, epochs, record.elapsed_s))

        path = self._scratch / request.weights_name
        train(
            request.architecture,
            self._data,
            request.recipe,
            request.fidelity,
            request.seed,
            on_epoch=told,
            weights_path=path,
            teacher=teacher,
        )
        return TrainedModel(*load_weights(path, request.architecture, request.input_spec), kept=False)

    def teacher_of(self, request: TrainingRequest) -> Teacher | None:
        """Returns the model that a request's training learns from."""
        if request.teacher is None:
            return None
        found = self.of(request.teacher, "its teacher")
        return Teacher(found.model, found.normalisation)
