"""Exported models against torch's: the same logits in onnxruntime, and files that say what they are."""

import resource
import sys
import warnings
from contextlib import contextmanager
from importlib import metadata

import numpy as np
import pytest
import torch
from torch import nn

from search_spaces.candidate import HEAD_KINDS, Architecture, Family, HeadKind, Layer
from search_spaces.cost import count, count_candidate
from search_spaces.errors import SpaceError
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input
from search_spaces.models.onnx import export_onnx, onnx_metadata
from search_spaces.presets import preset, presets
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import builtin_spaces, load_space

WHY = "needs the extra onnx: pip install 'protran[onnx]'"
onnx = pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)

TOLERANCE = 1e-4  # of a logit
TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=50)
WINDOWS = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
MIXED = Architecture(
    (
        Layer(28, HEAD_KINDS, (16, 24)),
        Layer(12, (HeadKind.FOURIER, HeadKind.CONVOLUTION_9), (8,)),
        Layer(20, (HeadKind.WEIGHTED_MULTIPLICATIVE,), (8, 8, 8)),
    )
)
SMALL = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (8,)),))
MOST_PARAMETERS = 25_000_000


def new_model(architecture, spec):
    """Returns a model whose every parameter matters: random weights where a fresh model has ones and zeros."""
    torch.manual_seed(0)
    model = build_model(architecture, spec).eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.1)
    return model


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def largest_difference(model, runtime, batch, length=None, mask=None):
    """Returns the largest difference of a logit between torch and onnxruntime for one random batch."""
    inputs = example_input(model.input_spec, batch, seed=batch)[..., :length]
    feeds = {"inputs": inputs.numpy()}
    if model.input_spec.kind is InputKind.TOKENS:
        mask = torch.ones_like(inputs, dtype=torch.bool) if mask is None else mask
        feeds["mask"] = mask.numpy()
    (logits,) = runtime.run(["logits"], feeds)
    assert logits.shape == (batch, model.input_spec.classes)
    return np.abs(logits - model(inputs, mask).numpy()).max()


def check_export(architecture, spec, path):
    model = new_model(architecture, spec)
    export_onnx(model, path, architecture=architecture)
    runtime = session(path)
    for batch in (1, 8):
        assert largest_difference(model, runtime, batch) <= TOLERANCE


@pytest.fixture(scope="module")
def token_model():
    return new_model(MIXED, TOKENS)


@pytest.fixture(scope="module")
def token_file(token_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "tokens.onnx"
    export_onnx(token_model, path, architecture=MIXED)
    return path


def test_a_model_of_windows_with_all_kinds_of_heads_gives_torchs_logits(tmp_path):
    check_export(MIXED, WINDOWS, tmp_path / "windows.onnx")


def test_bert_tiny_gives_torchs_logits(tmp_path):
    candidate, spec = preset("bert-tiny")
    check_export(candidate.architecture, spec, tmp_path / "bert.onnx")


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("length", [1, 5, 12])
def test_a_model_of_tokens_takes_any_length_and_mask(token_model, token_file, batch, length):
    mask = torch.arange(length) < torch.linspace(1, length, batch).round()[:, None]
    runtime = session(token_file)
    assert largest_difference(token_model, runtime, batch, length) <= TOLERANCE
    assert largest_difference(token_model, runtime, batch, length, mask) <= TOLERANCE


def test_a_model_of_windows_refuses_another_length(tmp_path):
    export_onnx(new_model(SMALL, WINDOWS), tmp_path / "a.onnx", architecture=SMALL)
    shorter = example_input(WINDOWS, 2, seed=0)[..., :100].numpy()
    with pytest.raises(Exception, match="index: 2 Got: 100 Expected: 151"):
        session(tmp_path / "a.onnx").run(None, {"inputs": shorter})


def test_the_file_is_valid_and_of_opset_20(token_file):
    proto = onnx.load(token_file)
    onnx.checker.check_model(proto, full_check=True)
    assert [(entry.domain, entry.version) for entry in proto.opset_import] == [("", 20)]


def test_the_weights_are_in_the_file_and_nothing_lies_beside_it(token_model, token_file):
    weights = 4 * sum(tensor.numel() for tensor in (*token_model.parameters(), *token_model.buffers()))
    assert weights < token_file.stat().st_size < weights + 40_000
    assert list(token_file.parent.iterdir()) == [token_file]


def test_the_file_says_what_it_is(token_file):
    found = onnx_metadata(token_file)
    assert (found.architecture, found.architecture_key, found.input_spec) == (MIXED, MIXED.key, TOKENS)
    assert (found.producer, found.producer_version) == ("protran", metadata.version("protran"))


def test_onnxruntime_reads_the_same_metadata(token_file):
    found = session(token_file).get_modelmeta()
    assert found.producer_name == "protran"
    assert found.custom_metadata_map["architecture_key"] == MIXED.key


def test_export_prints_nothing_warns_of_nothing_and_leaves_the_model_in_its_mode(tmp_path, capfd):
    model = new_model(MIXED, TOKENS).train()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        export_onnx(model, tmp_path / "a.onnx", architecture=MIXED)
    assert (caught, capfd.readouterr()) == ([], ("", ""))
    assert all(module.training for module in model.modules())
    assert largest_difference(model.eval(), session(tmp_path / "a.onnx"), 8) <= TOLERANCE


def test_a_module_that_onnx_has_not_is_refused(tmp_path):
    class Spectrum(nn.Module):
        def forward(self, states, mask):
            return torch.linalg.svdvals(states)

    model = new_model(SMALL, WINDOWS)
    model.classifier = Spectrum()
    with pytest.raises(SpaceError, match=r"expected operations that ONNX 20 has, got: .*linalg_svd"):
        export_onnx(model, tmp_path / "a.onnx", architecture=SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_more_than_2_gib_is_refused(tmp_path):
    model = new_model(SMALL, WINDOWS)
    model.register_buffer("huge", torch.zeros(1).expand(3 * 2**28))  # 3 GiB that take up 4 bytes
    with pytest.raises(SpaceError, match=r"up to 2 GiB, got 3.0 GiB"):
        export_onnx(model, tmp_path / "a.onnx", architecture=SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(SpaceError, match=r"expected a folder .*, got none; make it"):
        export_onnx(new_model(SMALL, WINDOWS), tmp_path / "missing" / "a.onnx", architecture=SMALL)


@contextmanager
def files_of_at_most(size):
    """Writing more fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_text("old")
    model = new_model(SMALL, WINDOWS)
    with (
        files_of_at_most(1000),
        pytest.raises(SpaceError, match=r"cannot write the model to .*; choose another folder"),
    ):
        export_onnx(model, path, architecture=SMALL)
    assert [(file, file.read_text()) for file in tmp_path.iterdir()] == [(path, "old")]


@pytest.mark.parametrize("content", [b"no model", b""], ids=["other bytes", "empty"])
def test_another_file_is_not_an_exported_model(tmp_path, content):
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(SpaceError, match="expected an ONNX file that protran exported"):
        onnx_metadata(path)


def test_a_file_that_is_not_there_has_no_metadata(tmp_path):
    with pytest.raises(SpaceError, match=r"cannot read .*No such file"):
        onnx_metadata(tmp_path / "a.onnx")


def test_without_onnx_the_message_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(SpaceError, match=r"pip install 'protran\[onnx\]'"):
        export_onnx(new_model(SMALL, WINDOWS), tmp_path / "a.onnx", architecture=SMALL)
    with pytest.raises(SpaceError, match=r"pip install 'protran\[onnx\]'"):
        onnx_metadata(tmp_path / "a.onnx")


def parameters_of(name):
    return count_candidate(*preset(name)).parameters


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in presets() if parameters_of(name) <= MOST_PARAMETERS])
def test_presets_of_up_to_25_million_parameters_give_torchs_logits(name, tmp_path):
    candidate, spec = preset(name)
    check_export(candidate.architecture, spec, tmp_path / "preset.onnx")


@pytest.mark.slow
@pytest.mark.no_cover  # the tests above run the same lines; counting them takes longer than running them
@pytest.mark.parametrize("name", [name for name in builtin_spaces() if load_space(name).family is Family.ENCODER])
def test_30_random_candidates_of_a_space_give_torchs_logits(name, tmp_path):
    space = load_space(name)
    spec = WINDOWS if space.allowed_hidden[0] < 100 else TOKENS
    drawn = sample(space, 2000, SamplingMethod.RANDOM, seed=1)
    sizes = count(genes_of(drawn), spec).parameters
    small = [candidate for candidate, size in zip(drawn, sizes, strict=True) if size <= 4_000_000][:30]
    assert len(small) == 30
    for candidate in small:
        check_export(candidate.architecture, spec, tmp_path / "candidate.onnx")
