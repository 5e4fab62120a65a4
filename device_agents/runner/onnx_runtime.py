"""Candidates as onnxruntime sessions that are ready to be called."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.runner.torch_runtime import INPUT_SEED, new_model
from device_agents.sampler import Subject
from device_agents.workload import Workload
from search_spaces.candidate import Candidate
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import EncoderModel, example_input
from search_spaces.models.onnx import INPUTS, LOGITS, MASK, export_onnx
from search_spaces.models.quantize import quantise
from search_spaces.pruning import deployed_architecture

CALIBRATION_BATCHES = 4
CALIBRATION_BATCH_SIZE = 8


def load_subject(candidate: Candidate, input_spec: InputSpec, workload: Workload) -> Subject:
    """Returns `candidate` built with random weights, as one inference in onnxruntime on a random input.

    Weights and input are those of `torch_runtime`; int8-static is calibrated on random inputs. Sessions have threads of
    their own, which do not spin while they wait, and which do not survive a fork: load where the model shall run.

    Raises:
        DeviceError: onnxruntime is not installed.
        SpaceError: onnx is not installed, or the model cannot be exported.
    """
    return _subject(_content(candidate, input_spec), candidate.deployment.threads, _feeds(input_spec, workload))


def _subject(content: bytes, threads: int, feeds: dict[str, Any]) -> Subject:
    return Subject(
        _inference(content, threads, feeds),
        parallel=threads > 1,
        renew=lambda: _subject(content, threads, feeds),
    )


def _inference(content: bytes, threads: int, feeds: dict[str, Any]) -> Callable[[], object]:
    session = open_session(content, threads)
    return lambda: session.run([LOGITS], feeds)


def open_session(content: bytes, threads: int) -> Any:
    """Returns a session on the processor, of threads that do not spin while they wait, for an ONNX file's content.

    Raises:
        DeviceError: onnxruntime is not installed.
    """
    runtime = _onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _content(candidate: Candidate, input_spec: InputSpec) -> bytes:
    """Returns the model's ONNX file."""
    _onnxruntime()  # what is missing shall be said before a model is built
    model = new_model(candidate, input_spec)
    if not isinstance(model, EncoderModel):
        raise SpaceError("expected an encoder for onnxruntime, got a decoder; set its runtime to torch")
    deployment = candidate.deployment
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_onnx(model, path, architecture=deployed_architecture(candidate))
        if deployment.precision.is_int8:
            exported, path = path, path.with_name("int8.onnx")
            quantise(
                exported,
                path,
                precision=deployment.precision,
                keep_fp32_layers=deployment.fp32_layers,
                calibration=(
                    example_input(input_spec, CALIBRATION_BATCH_SIZE, INPUT_SEED + 1 + batch).numpy()
                    for batch in range(CALIBRATION_BATCHES)
                ),
            )
        return path.read_bytes()


def _feeds(input_spec: InputSpec, workload: Workload) -> dict[str, Any]:
    batch = example_input(input_spec, workload.batch_size, INPUT_SEED)
    feeds = {INPUTS: batch.numpy()}
    if input_spec.kind is InputKind.TOKENS:
        feeds[MASK] = batch.new_ones(batch.shape).bool().numpy()
    return feeds


def _onnxruntime() -> Any:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise DeviceError(
            "the runtime onnxruntime is not installed on this device: pip install 'protran[onnx]'"
        ) from error
