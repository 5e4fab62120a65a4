"""Our stock models through the library that reads their folders, and what is refused."""

import dataclasses
import json

import pytest
import torch

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.build import build_encoder
from search_spaces.models.hf_names import TOKENIZER_FILES, check_stock, not_stock, write_checkpoint
from search_spaces.models.pretrained import load_checkpoint, read_checkpoint

SDP, DFT = HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER
SPEC = InputSpec(InputKind.TOKENS, length=12, classes=3, vocabulary=50)
STOCK = Candidate(Architecture((Layer(24, (SDP,) * 4, (40,)),) * 2))
LABELS = ("a", 'a "quoted" one', "🙂")


def random_model(candidate=STOCK, spec=SPEC):
    """Returns a model whose every tensor is random: fresh biases and norms would hide a mistake."""
    torch.manual_seed(0)
    model = build_encoder(candidate.architecture, spec, dropout=0.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.2)
    return model.eval()


@pytest.fixture
def transformers():
    return pytest.importorskip("transformers", reason="transformers (the extra `text`) is not installed")


@torch.no_grad()
def test_transformers_gives_our_logits_without_code_of_ours(tmp_path, transformers):
    model = random_model()
    write_checkpoint(model, tmp_path, STOCK, SPEC, LABELS)
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path, trust_remote_code=False).eval()
    tokens = torch.randint(50, (3, 12), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(12) < torch.tensor([[12], [6], [1]])
    logits = theirs(input_ids=tokens, attention_mask=mask.long()).logits
    torch.testing.assert_close(logits, model(tokens, mask), atol=1e-5, rtol=0)
    assert theirs.config.id2label == dict(enumerate(LABELS))


def test_what_is_written_is_what_the_reader_of_checkpoints_reads(tmp_path):
    model = random_model()
    write_checkpoint(model, tmp_path, STOCK, SPEC, LABELS)
    candidate, spec = read_checkpoint(tmp_path, length=12, classes=3)
    assert (candidate, spec) == (STOCK, SPEC)
    again = load_checkpoint(tmp_path, candidate.architecture, spec)
    tokens = torch.arange(12).unsqueeze(0)
    torch.testing.assert_close(again.eval().states(tokens), model.states(tokens))


def test_several_labels_are_said_to_be_possible(tmp_path):
    spec = dataclasses.replace(SPEC, multi_label=True)
    write_checkpoint(random_model(spec=spec), tmp_path, STOCK, spec, LABELS)
    assert json.loads((tmp_path / "config.json").read_text())["problem_type"] == "multi_label_classification"


def layers(*parts):
    return Candidate(Architecture(tuple(Layer(*part) for part in parts)))


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (layers((24, (SDP, DFT), (40,))), "heads of the kind"),
        (layers((24, (SDP,), (40,)), (48, (SDP,), (40,))), "several hidden sizes"),
        (layers((24, (SDP,), (40,)), (24, (SDP, SDP), (40,))), "another number of heads"),
        (layers((25, (SDP, SDP), (40,))), "do not fill the hidden size"),
        (layers((24, (SDP,), (40, 40))), "more than one size"),
        (layers((24, (SDP,), (40,)), (24, (SDP,), (32,))), "another feed-forward size"),
        (Candidate(STOCK.architecture, Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)), "int8-dynamic"),
        (Candidate(STOCK.architecture, Deployment(layers=(LayerDeployment(0.5),) * 2)), "do not fill the hidden size"),
    ],
)
def test_the_feature_that_is_not_stock_is_named(candidate, words):
    with pytest.raises(SpaceError, match=words):
        check_stock(candidate, SPEC)


def test_windows_are_no_tokens():
    windows = InputSpec(InputKind.WINDOWS, length=40, classes=3, channels=3, patch=4)
    assert not_stock(STOCK, windows) == ("an input of windows, not tokens",)
    assert not_stock(STOCK, SPEC) == ()


@pytest.mark.parametrize("labels", [("a", "b"), ("a", "a", "b")])
def test_labels_that_are_not_one_different_name_a_class_are_refused(tmp_path, labels):
    with pytest.raises(SpaceError, match="3 different labels"):
        write_checkpoint(random_model(), tmp_path, STOCK, SPEC, labels)


def test_of_a_tokenizer_only_its_own_files_are_copied(tmp_path):
    source, folder = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    folder.mkdir()
    for name in (TOKENIZER_FILES[0], "secret.bin"):
        (source / name).write_text("{}")
    write_checkpoint(random_model(), folder, STOCK, SPEC, LABELS, tokenizer=source)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]


def test_a_folder_without_a_tokenizer_is_refused_before_anything_is_written(tmp_path):
    folder = tmp_path / "to"
    folder.mkdir()
    with pytest.raises(SpaceError, match="expected a tokenizer's file"):
        write_checkpoint(random_model(), folder, STOCK, SPEC, LABELS, tokenizer=tmp_path)
    assert list(folder.iterdir()) == []
