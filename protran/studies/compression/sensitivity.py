"""Which layers lose most by being made smaller: each alone, judged on the validation set."""

from __future__ import annotations

import math
from collections.abc import Sequence

from protran.studies.compression.trained import TrainedModel, onnx_predictor
from protran.training.predictor import EVALUATION_BATCH, torch_predictor
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, LayerDeployment, Precision
from search_spaces.models.quantize import quantise
from search_spaces.models.transforms import PruneNorm, prune

SHARE = 0.5
"""Of heads and channels that pruning removes, on average over the layers."""
GENTLE, HARSH = 0.25, 0.75
"""Shares for the layers that lose most, and least."""
FP32_SHARE = 0.25
"""Of the layers, that stay in fp32 where precision is mixed."""


def losses_by_pruning(trained: TrainedModel) -> list[float]:
    """Returns the validation loss with half of the heads and channels of one layer removed, for each layer."""
    losses = []
    for place in range(trained.depth):
        layers = [LayerDeployment()] * trained.depth
        layers[place] = LayerDeployment(SHARE, SHARE)
        candidate = Candidate(trained.of.architecture, Deployment(layers=tuple(layers)))
        losses.append(trained.validation_loss(torch_predictor(prune(trained.model, candidate, PruneNorm.L2).eval())))
    return losses


def losses_by_int8(trained: TrainedModel) -> list[float]:
    """Returns the validation loss with one layer in int8 (static ranges) and the others in fp32, for each layer."""
    losses = []
    for place in range(trained.depth):
        path = trained.folder / "one-layer.onnx"
        quantise(
            trained.exported,
            path,
            precision=Precision.INT8_STATIC,
            keep_fp32_layers=[other for other in range(trained.depth) if other != place],
            calibration=trained.calibration,
        )
        losses.append(trained.validation_loss(onnx_predictor(path, EVALUATION_BATCH)))
    return losses


def shares_by_layer(losses: Sequence[float]) -> list[float]:
    """Returns what share each layer loses: a third of the layers more, a third less, half on average."""
    third = len(losses) // 3
    order = _least_first(losses)
    shares = [SHARE] * len(losses)
    for place in order[:third]:
        shares[place] = HARSH
    for place in order[len(order) - third :]:
        shares[place] = GENTLE
    return shares


def layers_to_keep(losses: Sequence[float]) -> list[int]:
    """Returns the numbers of the layers that stay in fp32: the quarter that loses most, one at least."""
    return sorted(_least_first(losses)[-math.ceil(FP32_SHARE * len(losses)) :])


def _least_first(losses: Sequence[float]) -> list[int]:
    """Returns the numbers of the layers, those of the smallest loss first; a loss that is no number is the largest."""
    known = [math.inf if math.isnan(loss) else loss for loss in losses]
    return sorted(range(len(known)), key=lambda place: (known[place], place))
