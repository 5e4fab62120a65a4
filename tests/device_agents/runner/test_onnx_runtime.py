"""Candidates as onnxruntime sessions, against the same candidates in torch."""

import sys

import numpy as np
import pytest
import torch

from device_agents.errors import DeviceError
from device_agents.runner.torch_runtime import INPUT_SEED, new_model
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import example_input

WHY = "needs the extra onnx: pip install 'protran[onnx]'"
pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)

from device_agents.runner import onnx_runtime  # noqa: E402 - after the skip

SDP = HeadKind.SCALED_DOT_PRODUCT
ARCHITECTURE = Architecture((Layer(8, (SDP, SDP, HeadKind.FOURIER, HeadKind.CONVOLUTION_5), (16,)),) * 2)
WINDOWS = InputSpec(InputKind.WINDOWS, length=20, classes=3, channels=2, patch=5)
TOKENS = InputSpec(InputKind.TOKENS, length=6, classes=3, vocabulary=50)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
INT8 = (Precision.INT8_DYNAMIC, Precision.INT8_STATIC)


def deployed(precision=Precision.FP32, **settings):
    return Candidate(ARCHITECTURE, Deployment(precision, Runtime.ONNXRUNTIME, **settings))


@torch.no_grad()
def torch_logits(candidate, spec, batch_size):
    return new_model(candidate, spec).eval()(example_input(spec, batch_size, INPUT_SEED)).numpy()


@SPECS
@pytest.mark.parametrize("layers", [(), (LayerDeployment(0.5, 0.25),) * 2], ids=["whole", "pruned"])
def test_a_call_computes_the_logits_of_the_model_that_torch_would_run(spec, layers):
    candidate = deployed(layers=layers)
    (logits,) = onnx_runtime.load_subject(candidate, spec, Workload(batch_size=3)).call()
    np.testing.assert_allclose(logits, torch_logits(candidate, spec, 3), atol=1e-4)


@SPECS
@pytest.mark.parametrize("precision", INT8)
def test_an_int8_call_computes_nearly_the_same(spec, precision):
    (logits,) = onnx_runtime.load_subject(deployed(precision), spec, Workload(batch_size=3)).call()
    expected = torch_logits(deployed(), spec, 3)
    assert 0 < np.linalg.norm(logits - expected) < 0.2 * np.linalg.norm(expected)


def test_layers_that_stay_in_fp32_bring_int8_closer():
    def error(candidate):
        (logits,) = onnx_runtime.load_subject(candidate, WINDOWS, Workload(batch_size=8)).call()
        return np.abs(logits - torch_logits(deployed(), WINDOWS, 8)).max()

    kept = deployed(Precision.INT8_DYNAMIC, layers=(LayerDeployment(keep_fp32=True),) * 2)
    assert error(kept) < error(deployed(Precision.INT8_DYNAMIC))


@pytest.mark.parametrize("threads", [1, 2])
def test_sessions_have_the_deployments_threads_which_do_not_spin(monkeypatch, threads):
    seen, session = [], onnxruntime.InferenceSession

    def remember(content, options, **settings):
        seen.append(options)
        return session(content, options, **settings)

    monkeypatch.setattr(onnxruntime, "InferenceSession", remember)
    subject = onnx_runtime.load_subject(deployed(threads=threads), WINDOWS, Workload())
    (options,) = seen
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert subject.parallel == (threads > 1)


def test_a_renewed_subject_is_another_session_of_the_same_file(monkeypatch):
    subject = onnx_runtime.load_subject(deployed(), WINDOWS, Workload())
    monkeypatch.setattr(onnx_runtime, "export_onnx", None)  # exporting again would cost more than what is timed
    renewed = subject.renew()
    assert renewed.call is not subject.call
    np.testing.assert_array_equal(renewed.call()[0], subject.call()[0])


@pytest.mark.parametrize(("library", "error"), [("onnxruntime", DeviceError), ("onnx", SpaceError)])
def test_without_a_library_the_message_names_the_extra(monkeypatch, library, error):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(error, match=r"not installed.*: pip install 'protran\[onnx\]'"):
        onnx_runtime.load_subject(deployed(), WINDOWS, Workload())
