"""One ONNX file that takes windows as they were recorded: the normalisation is its first two operators."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from protran.training.normalisation import Normalisation
from search_spaces.candidate import Candidate
from search_spaces.models import EncoderModel
from search_spaces.models.onnx import INPUTS, export_onnx, onnx_library, write_whole
from search_spaces.models.quantize import quantise
from search_spaces.pruning import deployed_architecture

_CENTRE, _SCALE, _CENTRED, _NORMALISED = (f"normalisation/{part}" for part in ("centre", "scale", "centred", "done"))


def write_onnx(
    model: EncoderModel,
    path: Path,
    candidate: Candidate,
    normalisation: Normalisation,
    calibration: Sequence[Tensor],
    properties: Mapping[str, str],
) -> None:
    """Writes a model in its precision, with its normalisation before it: whole or not at all.

    The two operators compute in float32 what `Normalisation.apply` computes, so scores are the same. They come after
    quantisation: int8 knows nothing of them.

    Args:
        model: of the candidate's deployed architecture, in fp32; not changed.
        path: the file; its folder exists.
        candidate: its deployment says the precision, and which layers stay in fp32.
        normalisation: what the model's inputs go through.
        calibration: batches of normalised windows (int8-static only).
        properties: what the file is to say of itself beside architecture and input spec.

    Raises:
        SpaceError: onnx or onnxruntime is not installed, or the model cannot be exported or written.
    """
    deployment = candidate.deployment
    onnx = onnx_library()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "fp32.onnx"
        export_onnx(model, source, architecture=deployed_architecture(candidate))
        if deployment.precision.is_int8:
            exported, source = source, Path(folder) / "int8.onnx"
            quantise(
                exported,
                source,
                precision=deployment.precision,
                keep_fp32_layers=deployment.fp32_layers,
                calibration=[batch.numpy() for batch in calibration],
            )
        proto = onnx.load(source)
    _normalise_first(onnx, proto.graph, normalisation)
    kept = {entry.key: entry.value for entry in proto.metadata_props}
    onnx.helper.set_model_props(proto, {**kept, **properties})
    onnx.checker.check_model(proto)
    write_whole(path, proto.SerializeToString())


def _normalise_first(onnx: Any, graph: Any, normalisation: Normalisation) -> None:
    """Puts ``(inputs - centre) / scale`` before whatever read the inputs."""
    for node in graph.node:
        node.input[:] = [_NORMALISED if name == INPUTS else name for name in node.input]
    for name, values in ((_CENTRE, normalisation.centre), (_SCALE, normalisation.scale)):
        array = np.asarray(values, dtype=np.float32)[None, :, None]
        graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    first = [
        onnx.helper.make_node("Sub", [INPUTS, _CENTRE], [_CENTRED]),
        onnx.helper.make_node("Div", [_CENTRED, _SCALE], [_NORMALISED]),
    ]
    nodes = [*first, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
