"""A trained model of the study, with what several of its variants are made from: made once, when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from device_agents.runner.onnx_runtime import open_session
from protran.studies.compression.models import StudyModel
from protran.tasks.base import TaskData
from protran.training.compress import CALIBRATION_BATCH, CALIBRATION_WINDOWS, fine_tune
from protran.training.distillation import Teacher
from protran.training.outcome import TrainingOutcome
from protran.training.predictor import Predictor
from protran.training.subset import stratified_share
from protran.training.weights import load_weights
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.models import EncoderModel
from search_spaces.models.onnx import INPUTS, export_onnx
from search_spaces.models.transforms import PruneNorm, prune
from search_spaces.pruning import deployed_architecture

Batches = list[npt.NDArray[np.float32]]


class TrainedModel:
    """One model of one repeat, trained.

    Args:
        model: what was trained, and how.
        seed: of the training; of fine-tuning and of the choice of windows to calibrate on as well.
        data: the task's three sets.
        weights: the training's file.
        folder: for files that are made on the way.
        teacher: who taught it.

    Raises:
        TrainingError: the file does not hold the model's weights.
    """

    def __init__(
        self, model: StudyModel, seed: int, data: TaskData, weights: Path, folder: Path, teacher: Teacher | None = None
    ) -> None:
        self.of, self.seed, self.data, self.folder = model, seed, data, folder
        self.model, self.normalisation = load_weights(weights, model.architecture, data.input_spec)
        self._teacher = teacher
        self._tuned: dict[Candidate, tuple[EncoderModel, TrainingOutcome]] = {}

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.of.architecture.layers)

    def tuned(self, layers: Sequence[LayerDeployment]) -> tuple[EncoderModel, TrainingOutcome]:
        """Returns the model without the heads and channels that `layers` remove, fine-tuned, and how that went."""
        candidate = Candidate(self.of.architecture, Deployment(layers=tuple(layers)))
        if candidate not in self._tuned:
            pruned = prune(self.model, candidate, PruneNorm.L2)
            self._tuned[candidate] = fine_tune(
                pruned, candidate, self.data, self.of.recipe, self.of.fidelity, self.seed, self._teacher
            )
        return self._tuned[candidate]

    @cached_property
    def exported(self) -> Path:
        """The model's fp32 ONNX file."""
        return self.export(self.model, Deployment(), "whole")

    def export(self, model: EncoderModel, deployment: Deployment, name: str) -> Path:
        """Returns the fp32 ONNX file of a model that `deployment` leaves of the trained one."""
        path = self.folder / f"{name}.onnx"
        candidate = Candidate(self.of.architecture, Deployment(layers=deployment.layers))
        export_onnx(model, path, architecture=deployed_architecture(candidate))
        return path

    @cached_property
    def calibration(self) -> Batches:
        """Batches of normalised training windows, in the proportions of their classes, as a campaign takes them."""
        labels = self.data.train.labels
        chosen = self.data.train.where(stratified_share(labels, min(1.0, CALIBRATION_WINDOWS / len(labels)), self.seed))
        signals = self.normalisation.apply(chosen.signals)
        return [signals[place : place + CALIBRATION_BATCH] for place in range(0, len(signals), CALIBRATION_BATCH)]

    def validation_loss(self, predict: Predictor) -> float:
        """Returns the cross-entropy on the validation set: finer than the accuracy, and of no test window."""
        logits = predict(torch.from_numpy(self.normalisation.apply(self.data.validation.signals)))
        return float(nn.functional.cross_entropy(logits, torch.from_numpy(self.data.validation.labels)))


def onnx_predictor(path: Path, batch: int) -> Predictor:
    """Returns what an ONNX file answers in onnxruntime, to so many windows at a time.

    A dynamic range of activations is that of the windows of one call: there, one window is answered at a time.
    """
    session = open_session(path.read_bytes(), threads=1)

    def predict(inputs: Tensor) -> Tensor:
        answers = [session.run(None, {INPUTS: part.numpy()})[0] for part in torch.split(inputs, batch)]
        return torch.cat([torch.from_numpy(answer) for answer in answers])

    return predict
