"""Predictors: what a trained model answers in the precision and the runtime of its deployment, and its scores."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn

from device_agents.runner.onnx_runtime import open_session
from protran.tasks.base import Windows
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.scores import ClassifierScores, classifier_scores
from search_spaces.candidate import Candidate
from search_spaces.deployment import Precision
from search_spaces.models import EncoderModel
from search_spaces.models.onnx import INPUTS, export_onnx
from search_spaces.models.quantize import quantise
from search_spaces.pruning import deployed_architecture

EVALUATION_BATCH = 512
TORCH_TYPES = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}

Predictor: TypeAlias = Callable[[Tensor], Tensor]
"""Normalised windows `n x channels x length`, float32 -> logits `n x classes`, float32."""


def predictor(model: EncoderModel, candidate: Candidate, calibration: Sequence[Tensor]) -> Predictor:
    """Returns what answers as `model` does when it is deployed: by onnxruntime for int8, by torch for the rest.

    Args:
        model: of the candidate's deployed architecture, in fp32; not changed.
        candidate: its deployment says the precision, and which layers stay in fp32.
        calibration: batches of normalised windows from which int8-static learns the range of activations.

    Raises:
        SpaceError: onnx or onnxruntime is not installed, or the model cannot be exported.
    """
    deployment = candidate.deployment
    if deployment.precision.is_int8:
        return _int8_predictor(model, candidate, calibration)
    return torch_predictor(model, deployment.precision)


def torch_predictor(model: nn.Module, precision: Precision = Precision.FP32) -> Predictor:
    """Returns the predictor of `model` in torch, its weights and activations in fp32, bf16 or fp16."""
    kind = TORCH_TYPES[precision]
    if precision is not Precision.FP32:
        model = copy.deepcopy(model).to(kind)

    @torch.inference_mode()
    def predict(inputs: Tensor) -> Tensor:
        return torch.cat([model(part.to(kind)).float() for part in torch.split(inputs, EVALUATION_BATCH)])

    return predict


def score(predict: Predictor, windows: Windows, normalisation: Normalisation, classes: int) -> ClassifierScores:
    """Returns the scores of a predictor on one set of a task.

    Raises:
        TrainingError: an answer is infinite or not a number, as where activations overflow in 16 bits.
    """
    logits = predict(torch.from_numpy(normalisation.apply(windows.signals)))
    if not torch.isfinite(logits).all():
        raise TrainingError("expected finite answers of the trained model, got others; choose another precision")
    return classifier_scores(windows.labels, logits.argmax(1).numpy(), windows.recordings, classes)


def _int8_predictor(model: EncoderModel, candidate: Candidate, calibration: Sequence[Tensor]) -> Predictor:
    """Windows are answered one by one: a range that is measured at a call would mix those of all windows in it."""
    deployment = candidate.deployment
    with tempfile.TemporaryDirectory() as folder:
        exported, quantised = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        export_onnx(model, exported, architecture=deployed_architecture(candidate))
        quantise(
            exported,
            quantised,
            precision=deployment.precision,
            keep_fp32_layers=deployment.fp32_layers,
            calibration=[batch.numpy() for batch in calibration],
        )
        content = quantised.read_bytes()
    session = open_session(content, threads=1)

    def predict(inputs: Tensor) -> Tensor:
        answers = [session.run(None, {INPUTS: window.numpy()})[0] for window in torch.split(inputs, 1)]
        return torch.cat([torch.from_numpy(answer) for answer in answers])

    return predict
