"""From an exported fp32 model to one of 8-bit weights, by onnxruntime's quantizer.

Linear layers are computed in 8 bits and, for tokens, the word embeddings are stored in 8 bits. The rest stays as it is:
the patches of windows, positions, norms, and what heads do with their queries, keys and values, whose few weights and
constant matrices would save little and cost more accuracy.

Numbers become unsigned 8-bit ones: on processors without VNNI instructions, products with signed weights overflow.
Weights have one scale for each output feature of a linear layer (or, if asked for, one for all of it), and one for the
whole word embedding.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search_spaces.deployment import Precision
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.onnx import INPUTS, MASK, OnnxMetadata, onnx_library, onnx_metadata, write_whole
from search_spaces.models.onnx_graph import LINEAR, LOOKUP, compact

PRECISION = "precision"  # where the file's metadata says it

Numbers: TypeAlias = NDArray[Any]


def quantise(
    source: Path,
    path: Path,
    *,
    precision: Precision,
    keep_fp32_layers: Collection[int] = (),
    calibration: Iterable[Numbers] = (),
    per_channel: bool = True,
) -> None:
    """Writes an int8 version of a file that `export_onnx` wrote: whole or not at all.

    Args:
        source: the fp32 file.
        path: the int8 file; its folder must exist.
        precision: `INT8_DYNAMIC` measures the range of activations at every call; `INT8_STATIC` takes the range that
            they have on `calibration`, from the least to the greatest value.
        keep_fp32_layers: numbers of the layers, from 0, that stay in fp32.
        calibration: batches of inputs as `EncoderModel.forward` takes them, float32 or int64 (int8-static only). All
            their positions count as kept.
        per_channel: whether each output feature of a linear layer has a scale of its own; else all of it has one.

    Raises:
        SpaceError: onnx or onnxruntime is not installed, the precision is not int8, the source was not exported by
            protran, a layer does not exist, the calibration is missing or not of the model's inputs, or a file cannot
            be read or written.
    """
    _runtime()
    if not precision.is_int8:
        raise SpaceError(f"expected the precision int8-dynamic or int8-static, got {precision.value}")
    described = onnx_metadata(source)
    properties = _properties(source)
    if PRECISION in properties:
        raise SpaceError(f"expected an fp32 file, got one of {properties[PRECISION]}; quantise the exported one")
    _check_layers(keep_fp32_layers, len(described.architecture.layers))
    if not path.parent.is_dir():
        raise SpaceError(f"expected a folder {path.parent} for {path.name}, got none; make it or choose another path")
    batches = _feeds(calibration, described.input_spec) if precision is Precision.INT8_STATIC else []
    with tempfile.TemporaryDirectory() as folder:
        quantised = _quantised(source, Path(folder), keep_fp32_layers, batches, per_channel=per_channel)
        content = _finished(quantised, {**properties, PRECISION: precision.value}, described)
    write_whole(path, content)


def _quantised(
    source: Path, folder: Path, kept: Collection[int], batches: list[dict[str, Numbers]], *, per_channel: bool
) -> Path:
    """Returns the path of the quantised file within `folder`; with batches it is static, else dynamic."""
    library = importlib.import_module("onnxruntime.quantization")
    shapes = importlib.import_module("onnxruntime.quantization.shape_inference")
    prepared, done = folder / "prepared.onnx", folder / "quantised.onnx"
    # its optimizer would rename the nodes, and its symbolic inference fails on lengths that are free
    shapes.quant_pre_process(source, prepared, skip_optimization=True, skip_symbolic_shape=True)
    settings = {
        "op_types_to_quantize": [*LINEAR, LOOKUP],
        "nodes_to_quantize": _nodes(prepared, kept),
        "weight_type": library.QuantType.QUInt8,
        "per_channel": per_channel,
    }
    if not batches:
        library.quantize_dynamic(prepared, done, **settings)
        return done
    library.quantize_static(
        prepared,
        done,
        _Reader(batches),
        quant_format=library.QuantFormat.QDQ,
        activation_type=library.QuantType.QUInt8,
        calibrate_method=library.CalibrationMethod.MinMax,
        # what follows a linear layer is computed in fp32: its output need not become 8 bits in between
        extra_options={"OpTypesToExcludeOutputQuantization": list(LINEAR)},
        **settings,
    )
    return done


class _Reader:
    """Hands out batches one by one, as onnxruntime's `CalibrationDataReader` does."""

    def __init__(self, batches: list[dict[str, Numbers]]) -> None:
        self._batches: Iterator[dict[str, Numbers]] = iter(batches)

    def get_next(self) -> dict[str, Numbers] | None:
        """Returns the next batch, None after the last."""
        return next(self._batches, None)


def _nodes(prepared: Path, kept: Collection[int]) -> list[str]:
    """Returns the names of the operators that become int8, and those of the products that some are rewritten to."""
    onnx = onnx_library()
    outside = tuple(f"/layers.{number}/" for number in kept)
    found = [
        node.name
        for node in onnx.load(prepared).graph.node
        if node.name and node.op_type in (*LINEAR, LOOKUP) and not node.name.startswith(outside)
    ]
    return [*found, *(f"{name}_MatMul" for name in found)]


def _finished(quantised: Path, properties: dict[str, str], described: OnnxMetadata) -> bytes:
    """Returns the content of a quantised file without long names, and with what it is to say of itself."""
    onnx = onnx_library()
    proto = onnx.load(quantised)
    compact(proto.graph)
    onnx.helper.set_model_props(proto, properties)
    proto.producer_name, proto.producer_version = described.producer, described.producer_version
    return bytes(proto.SerializeToString())


def _properties(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx_library().load(path).metadata_props}


def _check_layers(kept: Collection[int], depth: int) -> None:
    wrong = [number for number in kept if number not in range(depth)]
    if wrong:
        raise SpaceError(f"expected numbers of layers from 0 to {depth - 1} to keep in fp32, got {wrong[0]!r}")


def _feeds(calibration: Iterable[Numbers], spec: InputSpec) -> list[dict[str, Numbers]]:
    """Returns what a session is fed for each batch."""
    feeds: list[dict[str, Numbers]] = []
    for batch in calibration:
        _check_batch(batch, spec)
        feeds.append({INPUTS: batch})
        if spec.kind is InputKind.TOKENS:
            feeds[-1][MASK] = np.ones(batch.shape, dtype=np.bool_)
    if not feeds:
        raise SpaceError("int8-static needs batches of inputs to calibrate on, got none; give some of the training set")
    return feeds


def _check_batch(batch: Numbers, spec: InputSpec) -> None:
    if spec.kind is InputKind.TOKENS:
        fits = batch.ndim == 2 and 1 <= batch.shape[1] <= spec.length and batch.dtype == np.int64
        expected = f"int64, batch x length of length up to {spec.length}"
    else:
        fits = batch.shape[1:] == (spec.channels, spec.length) and batch.dtype == np.float32
        expected = f"float32, batch x {spec.channels} x {spec.length}"
    if not fits or not len(batch):
        raise SpaceError(f"expected a batch to calibrate on {expected}, got {batch.dtype}, {batch.shape}")
    if spec.kind is InputKind.TOKENS and not (batch.min() >= 0 and batch.max() < spec.vocabulary):
        raise SpaceError(f"expected token ids from 0 to {spec.vocabulary - 1} to calibrate on, got others")
    if not np.isfinite(batch).all():
        raise SpaceError("expected finite numbers to calibrate on, got some that are not; leave those windows out")


def _runtime() -> ModuleType:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise SpaceError("int8 needs onnxruntime, which is not installed: pip install 'protran[onnx]'") from error
