from __future__ import annotations

import numpy as np
import pytest
import torch

from device_agents.runner.onnx_runtime import open_session
from protran.deploy.onnx_file import write_onnx
from protran.training.normalisation import Normalisation
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.build import build_encoder
from search_spaces.models.onnx import onnx_metadata

SPEC = InputSpec(InputKind.WINDOWS, length=24, classes=3, channels=3, patch=4)
CANDIDATE = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.CONVOLUTION_5), (8, 6)),)))
NORMALISATION = Normalisation((1.0, -2.0, 300.0), (0.1, 5.0, 70.0))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    torch.manual_seed(0)
    model = build_encoder(CANDIDATE.architecture, SPEC, dropout=0.0).eval()
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    write_onnx(model, path, CANDIDATE, NORMALISATION, (), {"campaign": "<b>", "training_key": "abc"})
    return model, path


@pytest.mark.parametrize("batch", [1, 5])
def test_the_file_takes_recorded_windows_of_any_batch(files, batch):
    model, path = files
    windows = np.random.default_rng(1).normal(50, 100, (batch, 3, 24)).astype(np.float32)
    (logits,) = open_session(path.read_bytes(), 1).run(["logits"], {"inputs": windows})
    with torch.inference_mode():
        expected = model(torch.from_numpy(NORMALISATION.apply(windows))).numpy()
    np.testing.assert_allclose(logits, expected, atol=2e-6)


def test_the_file_says_more_than_its_architecture(files):
    import onnx

    found = {entry.key: entry.value for entry in onnx.load(files[1]).metadata_props}
    assert (found["campaign"], found["training_key"]) == ("<b>", "abc")
    described = onnx_metadata(files[1])
    assert (described.architecture, described.input_spec) == (CANDIDATE.architecture, SPEC)
