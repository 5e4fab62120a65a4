"""The formats of an export, and the deployment in which the exported file runs."""

from __future__ import annotations

import dataclasses
from enum import Enum

from protran.errors import InputError
from search_spaces.candidate import Candidate
from search_spaces.deployment import RUNS, Precision, Runtime
from search_spaces.input_spec import InputSpec


class Format(str, Enum):
    """What becomes of the weights: one ONNX file, safetensors for this package, or a folder for `transformers`."""

    ONNX = "onnx"
    TORCH = "torch"
    HF = "hf"


_RUNTIMES = {Format.ONNX: Runtime.ONNXRUNTIME, Format.TORCH: Runtime.TORCH}


def format_called(text: str | Format) -> Format:
    """Returns the format that a user named. Raises `InputError` where there is none."""
    try:
        return Format(text)
    except ValueError:
        raise InputError(f"format must be one of {', '.join(item.value for item in Format)}; got {text!r}") from None


def exported_candidate(candidate: Candidate, form: Format, input_spec: InputSpec, *, quantize: bool) -> Candidate:
    """Returns the candidate as the exported file runs: its own deployment in the runtime of the format.

    Args:
        candidate: as the front has it.
        form: what is written.
        input_spec: what it reads.
        quantize: its fp32 weights become int8, their activations too, at every call.

    Raises:
        InputError: the format cannot hold this deployment, or there is nothing in fp32 to quantise.
        SpaceError: hf, and the architecture is no stock one.
    """
    deployment = candidate.deployment
    if form is Format.HF:
        _refuse_hf(candidate, input_spec)
    if quantize and (form is not Format.ONNX or deployment.precision is not Precision.FP32):
        raise InputError(
            f"quantize makes an ONNX file of a candidate in fp32: expected both, got the format {form.value} and a "
            f"candidate in {deployment.precision.value}; leave --quantize out"
        )
    runtime = _RUNTIMES[form]
    precision = Precision.INT8_DYNAMIC if quantize else deployment.precision
    if precision not in RUNS[runtime]:
        other = next(form for form, known in _RUNTIMES.items() if precision in RUNS[known])
        raise InputError(
            f"expected a precision that {runtime.value} runs ({', '.join(p.value for p in RUNS[runtime])}), got "
            f"{precision.value}; export it with --format {other.value}"
        )
    return Candidate(candidate.architecture, dataclasses.replace(deployment, precision=precision, runtime=runtime))


def _refuse_hf(candidate: Candidate, input_spec: InputSpec) -> None:
    from search_spaces.models.hf_names import check_stock  # noqa: PLC0415 - it loads torch, the other formats here do not

    check_stock(candidate, input_spec)
    raise InputError(
        "hf: expected a campaign that learns a task of tokens with its tokenizer, and there are none yet; write the "
        "model with search_spaces.models.hf_names.write_checkpoint"
    )
