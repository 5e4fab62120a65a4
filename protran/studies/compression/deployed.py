"""The variants of a trained model: files as they are deployed, and what answers from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from protran.studies.compression.sensitivity import (
    SHARE,
    layers_to_keep,
    losses_by_int8,
    losses_by_pruning,
    shares_by_layer,
)
from protran.studies.compression.trained import TrainedModel, onnx_predictor
from protran.studies.compression.variant import Variant
from protran.training.normalisation import Normalisation
from protran.training.outcome import TrainingOutcome
from protran.training.predictor import EVALUATION_BATCH, TORCH_TYPES, Predictor, torch_predictor
from protran.training.weights import save_weights
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.models import EncoderModel
from search_spaces.models.quantize import quantise
from search_spaces.models.transforms import PruneNorm, prune, sparsify

TORCH_SUFFIX, ONNX_SUFFIX = ".safetensors", ".onnx"


@dataclass(frozen=True)
class Deployed:
    """A variant, ready to be scored.

    Attributes:
        candidate: what runs, as far as a candidate can say it.
        path: of the deployed file.
        predict: what answers, as the file does.
        normalisation: what its inputs go through.
        parameters: of the model behind it that are not zero.
        tuning: how the training after the training went; None where there was none.
        note: what was chosen on the way.
    """

    candidate: Candidate
    path: Path
    predict: Predictor
    normalisation: Normalisation
    parameters: int
    tuning: TrainingOutcome | None = None
    note: str = ""


def deploy(trained: TrainedModel, variant: Variant) -> Deployed:
    """Returns a variant of a trained model.

    Raises:
        SpaceError: onnx or onnxruntime is not installed, or the model cannot be exported.
        TrainingError: fine-tuning failed, or the file cannot be written.
    """
    if variant is Variant.FOUND:
        return _found(trained)
    return _MAKERS[variant](trained)


def _whole(trained: TrainedModel) -> Deployed:
    return _in_torch(trained, trained.model, Deployment(), "fp32")


def _onnx(trained: TrainedModel) -> Deployed:
    return _in_onnx(trained, trained.model, Deployment(runtime=Runtime.ONNXRUNTIME), trained.exported)


def _int8(precision: Precision, *, per_channel: bool) -> Callable[[TrainedModel], Deployed]:
    def make(trained: TrainedModel) -> Deployed:
        return _in_int8(trained, trained.model, Deployment(precision, Runtime.ONNXRUNTIME), per_channel=per_channel)

    return make


def _mixed(trained: TrainedModel) -> Deployed:
    kept = layers_to_keep(losses_by_int8(trained))
    layers = tuple(LayerDeployment(keep_fp32=place in kept) for place in range(trained.depth))
    deployment = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME, layers=layers)
    note = f"layers in fp32: {' '.join(str(place + 1) for place in kept)}"
    return _in_int8(trained, trained.model, deployment, note=note)


def _sparse(norm: PruneNorm) -> Callable[[TrainedModel], Deployed]:
    def make(trained: TrainedModel) -> Deployed:
        return _in_torch(trained, sparsify(trained.model, SHARE, norm), Deployment(), f"sparse-{norm.value}")

    return make


def _halved(trained: TrainedModel) -> tuple[LayerDeployment, ...]:
    return (LayerDeployment(SHARE, SHARE),) * trained.depth


def _pruned(trained: TrainedModel) -> Deployed:
    deployment = Deployment(layers=_halved(trained))
    model = prune(trained.model, Candidate(trained.of.architecture, deployment), PruneNorm.L2)
    return _in_torch(trained, model, deployment, "pruned")


def _pruned_tuned(trained: TrainedModel) -> Deployed:
    model, tuning = trained.tuned(_halved(trained))
    return _in_torch(trained, model, Deployment(layers=_halved(trained)), "tuned", tuning)


def _pruned_int8(trained: TrainedModel) -> Deployed:
    model, tuning = trained.tuned(_halved(trained))
    deployment = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME, layers=_halved(trained))
    return _in_int8(trained, model, deployment, tuning)


def _pruned_layers(trained: TrainedModel) -> Deployed:
    shares = shares_by_layer(losses_by_pruning(trained))
    layers = tuple(LayerDeployment(share, share) for share in shares)
    model, tuning = trained.tuned(layers)
    note = f"shares removed by layer: {' '.join(f'{share:g}' for share in shares)}"
    return _in_torch(trained, model, Deployment(layers=layers), "tuned-layers", tuning, note)


_MAKERS: Mapping[Variant, Callable[[TrainedModel], Deployed]] = {
    Variant.FP32: _whole,
    Variant.ONNX: _onnx,
    Variant.INT8_DYNAMIC: _int8(Precision.INT8_DYNAMIC, per_channel=True),
    Variant.INT8_STATIC: _int8(Precision.INT8_STATIC, per_channel=True),
    Variant.INT8_DYNAMIC_TENSOR: _int8(Precision.INT8_DYNAMIC, per_channel=False),
    Variant.INT8_STATIC_TENSOR: _int8(Precision.INT8_STATIC, per_channel=False),
    Variant.MIXED: _mixed,
    Variant.SPARSE_L1: _sparse(PruneNorm.L1),
    Variant.SPARSE_L2: _sparse(PruneNorm.L2),
    Variant.PRUNED: _pruned,
    Variant.PRUNED_TUNED: _pruned_tuned,
    Variant.PRUNED_INT8: _pruned_int8,
    Variant.PRUNED_LAYERS: _pruned_layers,
}


def _found(trained: TrainedModel) -> Deployed:
    """Returns a member of a front as a campaign deploys it."""
    deployment, model, tuning = trained.of.deployment, trained.model, None
    if any(layer.head_sparsity or layer.feed_forward_sparsity for layer in deployment.layers):
        model, tuning = trained.tuned(deployment.layers)
    if deployment.precision.is_int8:
        return _in_int8(trained, model, deployment, tuning)
    if deployment.runtime is Runtime.TORCH:
        return _in_torch(trained, model, deployment, "found", tuning)
    return _in_onnx(trained, model, deployment, trained.export(model, deployment, "found"), tuning)


def _in_torch(
    trained: TrainedModel,
    model: EncoderModel,
    deployment: Deployment,
    name: str,
    tuning: TrainingOutcome | None = None,
    note: str = "",
) -> Deployed:
    normalisation = trained.normalisation if tuning is None else tuning.normalisation
    path = trained.folder / f"{name}{TORCH_SUFFIX}"
    save_weights(model.to(TORCH_TYPES[deployment.precision]), normalisation, path)
    predict = torch_predictor(model.eval(), deployment.precision)
    candidate = Candidate(trained.of.architecture, deployment)
    return Deployed(candidate, path, predict, normalisation, _not_zero(model), tuning, note)


def _in_onnx(
    trained: TrainedModel,
    model: EncoderModel,
    deployment: Deployment,
    path: Path,
    tuning: TrainingOutcome | None = None,
    note: str = "",
) -> Deployed:
    """Returns what the ONNX file `path` of `model` answers."""
    normalisation = trained.normalisation if tuning is None else tuning.normalisation
    batch = 1 if deployment.precision is Precision.INT8_DYNAMIC else EVALUATION_BATCH
    candidate = Candidate(trained.of.architecture, deployment)
    return Deployed(candidate, path, onnx_predictor(path, batch), normalisation, _not_zero(model), tuning, note)


def _in_int8(
    trained: TrainedModel,
    model: EncoderModel,
    deployment: Deployment,
    tuning: TrainingOutcome | None = None,
    note: str = "",
    *,
    per_channel: bool = True,
) -> Deployed:
    exported = trained.exported if model is trained.model else trained.export(model, deployment, "tuned")
    path = trained.folder / f"int8{ONNX_SUFFIX}"
    quantise(
        exported,
        path,
        precision=deployment.precision,
        keep_fp32_layers=deployment.fp32_layers,
        calibration=trained.calibration,
        per_channel=per_channel,
    )
    return _in_onnx(trained, model, deployment, path, tuning, note)


@torch.no_grad()
def _not_zero(model: EncoderModel) -> int:
    return sum(int(torch.count_nonzero(parameter)) for parameter in model.parameters())
