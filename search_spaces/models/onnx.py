"""Export of models to ONNX: one file that holds the weights and says what it is.

The exporter is torch's older one, which records a run of the model, though torch now prefers the one that reads the
model's code (`dynamo=True`). Measured with torch 2.13 and onnxruntime 1.32, one thread, both within 3e-7 of torch for
every kind of head, for mixed layers, changing hidden sizes, windows, and tokens with a mask:

- the older takes 0.03 to 0.15 s for one layer and 0.4 s for one to twelve (mean of 30), the newer 2 to 5 s for one and
  7 to 12 s for three mixed ones, which every profile in onnxruntime would pay;
- the newer, given an example of full length, fixes the length of token models with a Fourier or cosine head;
- in onnxruntime, the older's files are 12 to 30 % faster at batch 8; at batch 1 they are between 20 % faster (only
  attention) and 35 % slower (all kinds mixed), because more of their sizes are computed as they run.

The older's files hold five to eight times as much beside the weights as they need: `onnx_graph.compact` takes it out.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from search_spaces.candidate import Architecture
from search_spaces.canonical import canonical_json
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.encoder import EncoderModel
from search_spaces.models.inputs import example_input
from search_spaces.models.onnx_graph import compact

OPSET = 20  # the first with GELU as one operator
PRODUCER = "protran"
MOST_BYTES = 2**31 - 1  # of one protocol buffer, and so of a file with its weights inside
INPUTS, MASK, LOGITS = "inputs", "mask", "logits"  # names of a file's inputs and its output


@dataclass(frozen=True)
class OnnxMetadata:
    """What an exported file says of itself.

    Attributes:
        architecture: the genes.
        architecture_key: their key when the file was written.
        input_spec: what the model reads and predicts.
        producer: the program that wrote the file.
        producer_version: its version.
    """

    architecture: Architecture
    architecture_key: str
    input_spec: InputSpec
    producer: str
    producer_version: str


def export_onnx(model: EncoderModel, path: Path, *, architecture: Architecture) -> None:
    """Writes `model`, as it is at inference, to one ONNX file: whole or not at all.

    The file's input `inputs` and output `logits` are those of `EncoderModel.forward`, with any batch size. A model of
    tokens has a second input, `mask` (bool, `batch x length`), and takes any length up to the input spec's; a model of
    windows takes windows of exactly the input spec's length. Not to be called from two threads at once.

    Args:
        model: stays as it is, in its mode and on its device.
        path: the file; its folder must exist.
        architecture: the genes that the model was made from, for the file's metadata.

    Raises:
        SpaceError: onnx is not installed, the model is larger than an ONNX file can be or holds a module that cannot be
            exported, or the file cannot be written.
    """
    onnx = onnx_library()
    if not path.parent.is_dir():
        raise SpaceError(f"expected a folder {path.parent} for {path.name}, got none; make it or choose another path")
    size = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
    if size > MOST_BYTES:
        raise SpaceError(f"expected weights of up to 2 GiB, got {size / 2**30:.1f} GiB; export a smaller model")
    proto = onnx.load_model_from_string(_traced(model))
    compact(proto.graph)
    described = _describe(architecture, model.input_spec)
    proto.producer_name, proto.producer_version = PRODUCER, described["producer_version"]
    onnx.helper.set_model_props(proto, described)
    write_whole(path, proto.SerializeToString())


def onnx_metadata(path: Path) -> OnnxMetadata:
    """Returns what a file that `export_onnx` wrote says of itself.

    Raises:
        SpaceError: onnx is not installed, or the file cannot be read or was not written by `export_onnx`.
    """
    onnx = onnx_library()
    broken: type[Exception] = importlib.import_module("google.protobuf.message").DecodeError
    try:
        proto = onnx.load(path, format="protobuf", load_external_data=False)
        found = {entry.key: entry.value for entry in proto.metadata_props}
        return OnnxMetadata(
            architecture=Architecture.from_json(json.loads(found["architecture"])),
            architecture_key=found["architecture_key"],
            input_spec=InputSpec.from_json(json.loads(found["input_spec"])),
            producer=found["producer"],
            producer_version=found["producer_version"],
        )
    except OSError as error:
        raise SpaceError(f"cannot read {path} ({error.strerror}); give the path of an exported model") from error
    except (broken, KeyError, ValueError) as error:
        raise SpaceError(f"expected an ONNX file that protran exported, got {path}; export the model again") from error


def _describe(architecture: Architecture, spec: InputSpec) -> dict[str, str]:
    try:
        version = metadata.version(PRODUCER)
    except metadata.PackageNotFoundError:
        version = "unknown"
    return {
        "architecture": canonical_json(architecture.to_json()),
        "architecture_key": architecture.key,
        "input_spec": canonical_json(spec.to_json()),
        "producer": PRODUCER,
        "producer_version": version,
    }


def _traced(model: EncoderModel) -> bytes:
    """Returns the model as an ONNX file without metadata."""
    inputs = _example(model)
    names = [INPUTS, MASK][: len(inputs)]
    free = {0: "batch", 1: "length"} if len(inputs) == 2 else {0: "batch"}
    file = io.BytesIO()
    with _quietly():
        try:
            torch.onnx.export(
                model,
                inputs,
                file,  # type: ignore[arg-type]  # the older exporter takes files too
                input_names=names,
                output_names=[LOGITS],
                opset_version=OPSET,
                dynamic_axes={**dict.fromkeys(names, free), LOGITS: {0: "batch"}},
                dynamo=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise SpaceError(f"expected operations that ONNX {OPSET} has, got: {str(error).splitlines()[0]}") from error
    return file.getvalue()


def _example(model: EncoderModel) -> tuple[Tensor, ...]:
    """Returns the inputs of the recorded run: two examples, because a batch of 1 can be taken for a constant."""
    spec = model.input_spec
    device = next(model.parameters()).device
    inputs = example_input(spec, 2, seed=0).to(device)
    return (inputs, torch.ones_like(inputs, dtype=torch.bool)) if spec.kind is InputKind.TOKENS else (inputs,)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Silences what the exporter says of itself, and of sizes that the model compares with its input spec."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1", UserWarning)
        warnings.filterwarnings("ignore", "Converting a tensor to a Python boolean might cause the trace")
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Writes a model's file whole or not at all. Raises `SpaceError` where it cannot be written."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise SpaceError(f"cannot write the model to {path} ({error.strerror}); choose another folder") from error
    finally:
        with contextlib.suppress(OSError):  # gone already
            partial.unlink()


def onnx_library() -> ModuleType:
    """Returns the module `onnx`. Raises `SpaceError` where it is not installed."""
    try:
        return importlib.import_module("onnx")
    except ImportError as error:
        raise SpaceError("ONNX files need onnx, which is not installed: pip install 'protran[onnx]'") from error
