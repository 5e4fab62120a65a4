"""Quantised files against the models that they came from."""

import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from search_spaces.candidate import HEAD_KINDS, Architecture, HeadKind, Layer
from search_spaces.deployment import Precision
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input
from search_spaces.models.onnx import export_onnx, onnx_metadata
from search_spaces.models.quantize import quantise

WHY = "needs the extra onnx: pip install 'protran[onnx]'"
onnx = pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)

TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=50)
WINDOWS = InputSpec(InputKind.WINDOWS, length=40, classes=7, channels=3, patch=5)
MIXED = Architecture((Layer(28, HEAD_KINDS, (16, 24)), Layer(12, (HeadKind.FOURIER, HeadKind.CONVOLUTION_9), (8,))))
INT8 = pytest.mark.parametrize("precision", [Precision.INT8_DYNAMIC, Precision.INT8_STATIC])
INT8_TYPES = (onnx.TensorProto.UINT8, onnx.TensorProto.INT8)


def new_model(spec):
    """Returns a model whose every parameter matters: random weights where a fresh model has ones and zeros."""
    torch.manual_seed(0)
    model = build_model(MIXED, spec).eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.1)
    return model


def batches(spec):
    return [example_input(spec, 8, seed=seed).numpy() for seed in range(4)]


@pytest.fixture(scope="module", params=[TOKENS, WINDOWS], ids=["tokens", "windows"])
def exported(request, tmp_path_factory):
    """Returns a model and its fp32 file."""
    model, path = new_model(request.param), tmp_path_factory.mktemp("exported") / "fp32.onnx"
    export_onnx(model, path, architecture=MIXED)
    return model, path


@pytest.fixture(scope="module")
def of_windows(tmp_path_factory):
    model, path = new_model(WINDOWS), tmp_path_factory.mktemp("exported") / "fp32.onnx"
    export_onnx(model, path, architecture=MIXED)
    return model, path


@torch.no_grad()
def relative_error(model, path, batch=8):
    """Returns the distance of a file's logits from the model's, over the length of the model's."""
    inputs = example_input(model.input_spec, batch, seed=100)
    feeds = {"inputs": inputs.numpy()}
    if model.input_spec.kind is InputKind.TOKENS:
        feeds["mask"] = np.ones(inputs.shape, dtype=bool)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    (logits,) = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    expected = model(inputs).numpy()
    return np.linalg.norm(logits - expected) / np.linalg.norm(expected)


def int8_matrices(path):
    """Returns the shapes of the matrices that are stored in 8 bits."""
    stored = onnx.load(path).graph.initializer
    return [tuple(w.dims) for w in stored if w.data_type in INT8_TYPES and len(w.dims) == 2]


@INT8
@pytest.mark.parametrize("batch", [1, 8])
def test_an_int8_file_answers_nearly_what_the_model_does(exported, precision, batch, tmp_path):
    model, source = exported
    quantise(source, tmp_path / "int8.onnx", precision=precision, calibration=batches(model.input_spec))
    assert 0 < relative_error(model, tmp_path / "int8.onnx", batch) < 0.15  # 4.6 where products overflow


@INT8
def test_every_linear_layer_and_the_word_embedding_become_int8_and_nothing_else(exported, precision, tmp_path):
    model, source = exported
    quantise(source, tmp_path / "int8.onnx", precision=precision, calibration=batches(model.input_spec))
    linear = [module.weight.shape for module in model.modules() if isinstance(module, nn.Linear | nn.Embedding)]
    assert sorted(sorted(shape) for shape in int8_matrices(tmp_path / "int8.onnx")) == sorted(map(sorted, linear))


@INT8
def test_a_layer_that_is_kept_stays_in_fp32(exported, precision, tmp_path):
    model, source = exported
    settings = {"precision": precision, "calibration": batches(model.input_spec)}
    quantise(source, tmp_path / "int8.onnx", keep_fp32_layers=[1], **settings)
    outside = [m for m in (model.embedding, model.layers[0], model.classifier)]
    linear = [m.weight.shape for part in outside for m in part.modules() if isinstance(m, nn.Linear | nn.Embedding)]
    assert sorted(sorted(shape) for shape in int8_matrices(tmp_path / "int8.onnx")) == sorted(map(sorted, linear))
    names = {node.name for node in onnx.load(tmp_path / "int8.onnx").graph.node if node.name}
    names -= {"/embedding/words/Gather"}  # it looks up 8-bit numbers
    assert all(name.startswith("/layers.1/") for name in names)
    assert len(names) == sum(isinstance(module, nn.Linear) for module in model.layers[1].modules())


@torch.no_grad()
def test_static_ranges_reach_from_the_least_to_the_greatest_value_of_the_calibration(of_windows, tmp_path):
    model, source = of_windows
    seen = []
    hook = model.layers[0].attention.project.register_forward_hook(lambda module, inputs, _: seen.append(inputs[0]))
    for batch in batches(WINDOWS):
        model(torch.from_numpy(batch))
    hook.remove()
    values = torch.cat(seen)
    quantise(source, tmp_path / "int8.onnx", precision=Precision.INT8_STATIC, calibration=batches(WINDOWS))
    graph = onnx.load(tmp_path / "int8.onnx").graph
    first = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    (scale,) = (onnx.numpy_helper.to_array(w).item() for w in graph.initializer if w.name == first.input[1])
    assert scale == pytest.approx((values.max() - values.min()).item() / 255, rel=1e-4)


@INT8
def test_an_int8_file_says_what_it_is(exported, precision, tmp_path):
    model, source = exported
    path = tmp_path / "int8.onnx"
    quantise(source, path, precision=precision, calibration=batches(model.input_spec))
    assert onnx_metadata(path) == onnx_metadata(source)
    assert {entry.key: entry.value for entry in onnx.load(path).metadata_props}["precision"] == precision.value
    onnx.checker.check_model(onnx.load(path))


@INT8
def test_quantising_prints_nothing_warns_of_nothing_and_leaves_nothing_behind(
    exported, precision, tmp_path, monkeypatch, capfd
):
    model, source = exported
    (tmp_path / "work").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    before = source.read_bytes()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        quantise(source, tmp_path / "int8.onnx", precision=precision, calibration=batches(model.input_spec))
    assert (caught, capfd.readouterr()) == ([], ("", ""))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["int8.onnx", "temporary", "work"]
    assert source.read_bytes() == before
    assert [path.name for path in source.parent.iterdir()] == [source.name]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": Precision.FP32}, "expected the precision int8-dynamic or int8-static, got fp32"),
        ({"precision": Precision.INT8_STATIC}, "needs batches of inputs to calibrate on, got none"),
        ({"precision": Precision.INT8_DYNAMIC, "keep_fp32_layers": [0, 2]}, "layers from 0 to 1 .*, got 2"),
    ],
)
def test_what_cannot_be_quantised_is_one_sentence(of_windows, tmp_path, settings, message):
    with pytest.raises(SpaceError, match=message):
        quantise(of_windows[1], tmp_path / "int8.onnx", **settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (np.zeros((8, 3, 39), np.float32), r"float32, batch x 3 x 40, got float32, \(8, 3, 39\)"),
        (np.zeros((8, 3, 40)), r"float32, batch x 3 x 40, got float64"),
        (np.zeros((0, 3, 40), np.float32), r"got float32, \(0, 3, 40\)"),
        (np.full((8, 3, 40), np.nan, np.float32), "expected finite numbers"),
    ],
    ids=["length", "type", "empty", "not a number"],
)
def test_a_batch_that_is_none_of_the_models_is_one_sentence(of_windows, tmp_path, batch, message):
    with pytest.raises(SpaceError, match=message):
        quantise(of_windows[1], tmp_path / "int8.onnx", precision=Precision.INT8_STATIC, calibration=[batch])


@pytest.mark.parametrize("token", [-1, 50])
def test_a_token_that_the_model_does_not_know_is_one_sentence(tmp_path, token):
    export_onnx(new_model(TOKENS), tmp_path / "fp32.onnx", architecture=MIXED)
    batch = np.full((2, 12), token)
    with pytest.raises(SpaceError, match="expected token ids from 0 to 49"):
        quantise(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", precision=Precision.INT8_STATIC, calibration=[batch])


def test_a_missing_folder_is_one_sentence(of_windows, tmp_path):
    with pytest.raises(SpaceError, match=r"expected a folder .*, got none; make it"):
        quantise(of_windows[1], tmp_path / "missing" / "int8.onnx", precision=Precision.INT8_DYNAMIC)


def test_a_file_of_others_is_refused(tmp_path):
    (tmp_path / "other.onnx").write_text("no model")
    with pytest.raises(SpaceError, match="expected an ONNX file that protran exported"):
        quantise(tmp_path / "other.onnx", tmp_path / "int8.onnx", precision=Precision.INT8_DYNAMIC)


def test_a_quantised_file_is_not_quantised_again(of_windows, tmp_path):
    quantise(of_windows[1], tmp_path / "int8.onnx", precision=Precision.INT8_DYNAMIC)
    with pytest.raises(SpaceError, match="expected an fp32 file, got one of int8-dynamic"):
        quantise(tmp_path / "int8.onnx", tmp_path / "again.onnx", precision=Precision.INT8_DYNAMIC)


@pytest.mark.parametrize("library", ["onnx", "onnxruntime"])
def test_without_a_library_the_message_names_the_extra(of_windows, monkeypatch, tmp_path, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SpaceError, match=r"which is not installed: pip install 'protran\[onnx\]'"):
        quantise(of_windows[1], tmp_path / "int8.onnx", precision=Precision.INT8_DYNAMIC)


@INT8
def test_a_matrix_may_have_one_scale_in_place_of_one_for_each_feature(of_windows, tmp_path, precision):
    model, source = of_windows
    paths = {per_channel: tmp_path / f"{per_channel}.onnx" for per_channel in (True, False)}
    for per_channel, path in paths.items():
        quantise(source, path, precision=precision, calibration=batches(WINDOWS), per_channel=per_channel)
        assert relative_error(model, path) < 0.2
    vectors = {
        per_channel: sum("scale" in w.name and sum(w.dims) > 1 for w in onnx.load(path).graph.initializer)
        for per_channel, path in paths.items()
    }
    assert vectors[True] >= len(int8_matrices(paths[True]))
    assert vectors[False] == 0
    assert paths[False].stat().st_size < paths[True].stat().st_size
