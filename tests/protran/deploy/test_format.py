from __future__ import annotations

import pytest

from protran.deploy.format import Format, exported_candidate, format_called
from protran.errors import InputError
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec

ARCHITECTURE = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (8,)),))
WINDOWS = InputSpec(InputKind.WINDOWS, length=24, classes=3, channels=3, patch=4)
TOKENS = InputSpec(InputKind.TOKENS, length=24, classes=3)
PLAIN = Candidate(ARCHITECTURE)
INT8 = Candidate(ARCHITECTURE, Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME, threads=2))
HALF = Candidate(ARCHITECTURE, Deployment(Precision.BF16))


def test_an_onnx_file_runs_in_onnxruntime_with_the_threads_of_the_candidate():
    assert exported_candidate(INT8, Format.ONNX, WINDOWS, quantize=False) == INT8
    made = exported_candidate(PLAIN, Format.ONNX, WINDOWS, quantize=False)
    assert made.deployment == Deployment(runtime=Runtime.ONNXRUNTIME)


def test_quantised_it_is_int8_dynamic():
    made = exported_candidate(PLAIN, Format.ONNX, WINDOWS, quantize=True)
    assert made.deployment == Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)


@pytest.mark.parametrize(
    ("candidate", "form", "quantize", "words"),
    [
        (HALF, Format.ONNX, False, "--format torch"),
        (INT8, Format.TORCH, False, "--format onnx"),
        (INT8, Format.ONNX, True, "leave --quantize out"),
        (PLAIN, Format.TORCH, True, "leave --quantize out"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_what_to_do(candidate, form, quantize, words):
    with pytest.raises(InputError, match=words):
        exported_candidate(candidate, form, WINDOWS, quantize=quantize)


def test_hf_is_refused_for_windows_and_for_tokens_of_campaigns():
    with pytest.raises(SpaceError, match="an input of windows"):
        exported_candidate(PLAIN, Format.HF, WINDOWS, quantize=False)
    with pytest.raises(InputError, match="write_checkpoint"):
        exported_candidate(PLAIN, Format.HF, TOKENS, quantize=False)


def test_an_unknown_format_is_refused():
    assert format_called("onnx") is Format.ONNX
    with pytest.raises(InputError, match="onnx, torch, hf; got 'pickle'"):
        format_called("pickle")
