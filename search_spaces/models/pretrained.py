"""Published BERT-family weights in our encoder, read from config.json and model.safetensors.

Our layers compute what BERT's and DistilBERT's do, so a loaded encoder gives their states. A checkpoint that would need
something else (another activation, relative positions, a decoder) is refused. Weights in pickle files are never read:
to read one is to run it.

Source: Devlin et al., "BERT" (arXiv:1810.04805); Sanh et al., "DistilBERT" (arXiv:1910.01108); names of tensors and of
configuration fields as the library `transformers` writes them.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.build import build_encoder
from search_spaces.models.encoder import EncoderModel
from search_spaces.models.layers import NORM_EPSILON

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
MOST_LAYERS = 256  # a configuration that claims a million layers must not be built
LARGEST_CONFIG_BYTES = 4_194_304
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)

# fields that change what is computed, with the only value that our encoder computes
_MUST_BE: Mapping[str, Any] = {
    "layer_norm_eps": NORM_EPSILON,
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
# what a checkpoint may hold beside the encoder: heads of the tasks that it was trained on, and constants
_BESIDE = ("cls.", "classifier.", "qa_outputs.", "pre_classifier.", "vocab_")
_CONSTANTS = ("embeddings.position_ids", "embeddings.token_type_ids")
_POSITIONS, _TYPES = "embedding.positions", "embedding.types"  # tables of which ours may have more rows, or fewer
_POOLER = "pooler."
_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # as TensorFlow had them
_EMBEDDINGS = {
    "embedding.words.weight": "embeddings.word_embeddings.weight",
    _POSITIONS: "embeddings.position_embeddings.weight",
    "embedding.norm.weight": "embeddings.LayerNorm.weight",
    "embedding.norm.bias": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class _Family:
    """How one family of checkpoints names what our encoder has.

    Attributes:
        prefix: stands before the encoder's tensors where the checkpoint has a task's head.
        activation: configuration field of the activation.
        sizes: configuration fields of hidden size, heads, layers and feed-forward size.
        layers: where their layer number {} lies.
        modules: by our module of a layer, theirs; several are stacked.
        more: by our parameter, their tensor, beside embeddings and layers.
    """

    prefix: str
    activation: str
    sizes: tuple[str, str, str, str]
    layers: str
    modules: Mapping[str, tuple[str, ...]]
    more: Mapping[str, str] = field(default_factory=dict)


_FAMILIES: Mapping[str, _Family] = {
    "bert": _Family(
        prefix="bert.",
        activation="hidden_act",
        sizes=("hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size"),
        layers="encoder.layer.{}.",
        modules={
            "attention.project": ("attention.self.query", "attention.self.key", "attention.self.value"),
            "attention.output": ("attention.output.dense",),
            "attention_norm": ("attention.output.LayerNorm",),
            "feed_forward.0": ("intermediate.dense",),
            "feed_forward.2": ("output.dense",),
            "feed_forward_norm": ("output.LayerNorm",),
        },
        more={
            _TYPES: "embeddings.token_type_embeddings.weight",
            "classifier.pooler.weight": f"{_POOLER}dense.weight",
            "classifier.pooler.bias": f"{_POOLER}dense.bias",
        },
    ),
    "distilbert": _Family(
        prefix="distilbert.",
        activation="activation",
        sizes=("dim", "n_heads", "n_layers", "hidden_dim"),
        layers="transformer.layer.{}.",
        modules={
            "attention.project": ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
            "attention.output": ("attention.out_lin",),
            "attention_norm": ("sa_layer_norm",),
            "feed_forward.0": ("ffn.lin1",),
            "feed_forward.2": ("ffn.lin2",),
            "feed_forward_norm": ("output_layer_norm",),
        },
    ),
}


def download_checkpoint(name: str) -> Path:
    """Returns the folder of a checkpoint that is published on the Hugging Face hub; downloads what is missing.

    Only config.json and model.safetensors are fetched, into the cache of huggingface_hub, which also answers where
    there is no connection.

    Args:
        name: `owner/model`, or a model without an owner.

    Raises:
        SpaceError: this cannot be a hub's name, huggingface_hub is not installed, or the hub did not give the files.
    """
    if not _HUB_NAME.fullmatch(name) or ".." in name or "--" in name:
        raise SpaceError(f"expected a hub's name such as owner/model, got {name!r}; read a local folder by its path")
    try:
        hub = importlib.import_module("huggingface_hub")
        errors = importlib.import_module("huggingface_hub.errors")
    except ImportError as error:
        raise SpaceError(
            f"{name}: the package huggingface_hub is missing; install it, or give a local folder"
        ) from error
    try:
        return Path(hub.snapshot_download(name, allow_patterns=[CONFIG, WEIGHTS]))
    except (OSError, ValueError, errors.HTTPError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise SpaceError(f"{name}: the hub gave no checkpoint ({reason}); check the name and the network") from error


def read_checkpoint(
    folder: Path, *, length: int, classes: int, multi_label: bool = False, first_layers: int | None = None
) -> tuple[Candidate, InputSpec]:
    """Returns the candidate and the input spec of the checkpoint in `folder`; reads config.json alone.

    Args:
        folder: holds config.json.
        length: tokens of the longest sequence; the checkpoint needs as many positions.
        classes: of the classifier, which is no part of the checkpoint.
        multi_label: several labels may hold at once.
        first_layers: how many of the lower layers to keep; None keeps all.

    Raises:
        SpaceError: there is no such file, or our encoder would compute something else than this model.
    """
    config, family = _read_config(folder)
    hidden, heads, depth, size = (_count(config, name) for name in family.sizes)
    if hidden % heads:
        raise SpaceError(f"{CONFIG}: expected a hidden size that the {heads} heads divide, got {hidden}")
    if depth > MOST_LAYERS:
        raise SpaceError(f"{CONFIG}: expected at most {MOST_LAYERS} layers, got {depth}")
    kept = depth if first_layers is None else first_layers
    if not 1 <= kept <= depth:
        raise SpaceError(f"first_layers must be from 1 to the {depth} layers of the checkpoint, got {first_layers}")
    positions = _count(config, "max_position_embeddings")
    spec = InputSpec(InputKind.TOKENS, length, classes, multi_label, vocabulary=_count(config, "vocab_size"))
    if length > positions:
        raise SpaceError(f"length must be at most the {positions} positions of the checkpoint, got {length}")
    layer = Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * heads, (size,))
    return Candidate(Architecture((layer,) * kept)), spec


def load_checkpoint(
    folder: Path, architecture: Architecture, input_spec: InputSpec, *, dropout: float = 0.1
) -> EncoderModel:
    """Returns a model with the weights of the checkpoint in `folder`, in training mode.

    The classifier's last layer is new, and so is the pooler where the checkpoint has none (DistilBERT never has): their
    initial weights come from torch's global generator.

    Args:
        folder: holds config.json and model.safetensors; it is only read.
        architecture: as `read_checkpoint` gave it.
        input_spec: as `read_checkpoint` gave it.
        dropout: inside the model.

    Raises:
        SpaceError: architecture or input spec are not the checkpoint's, or the weights do not go with config.json; the
            message names the first tensor that is missing, unexpected or of another shape.
    """
    config, family = _read_config(folder)
    depth = _count(config, family.sizes[2])
    spec, kept = input_spec, min(len(architecture.layers), depth)
    fitting = read_checkpoint(
        folder, length=spec.length, classes=spec.classes, multi_label=spec.multi_label, first_layers=kept
    )
    if (Candidate(architecture), spec) != fitting:
        raise SpaceError("expected architecture and input spec of this checkpoint; take both from read_checkpoint")
    with torch.device("meta"):  # shapes are compared before memory is taken
        parameters = dict(build_encoder(architecture, input_spec).named_parameters())
    shapes = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
    shapes[_POSITIONS] = (_count(config, "max_position_embeddings"), *shapes[_POSITIONS][1:])
    shapes[_TYPES] = (_count({"type_vocab_size": 2, **config}, "type_vocab_size"), *shapes[_TYPES][1:])
    tensors = _read_tensors(folder, _sources(family, depth), family.prefix, shapes)
    model = build_encoder(architecture, input_spec, dropout=dropout)
    _fill(model, tensors)
    return model


def _read_config(folder: Path) -> tuple[dict[str, Any], _Family]:
    """Returns the configuration and its family, after a check of what changes the computation."""
    path = folder / CONFIG
    try:
        with path.open("rb") as file:
            config = json.loads(file.read(LARGEST_CONFIG_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise SpaceError(f"{path}: expected a checkpoint's JSON file, got: {error}; give the folder with it") from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    family = _FAMILIES.get(kind) if isinstance(kind, str) else None
    if family is None:
        raise SpaceError(f"{path}: expected model_type {' or '.join(_FAMILIES)}, got {kind!r}; choose such a model")
    for name, value in {family.activation: "gelu", **_MUST_BE}.items():
        if config.get(name, value) != value:
            raise SpaceError(f"{path}: expected {name} {value!r}, got {config[name]!r}; our encoder computes no other")
    return config, family


def _count(config: Mapping[str, Any], name: str) -> int:
    value = config.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SpaceError(f"{CONFIG}: expected {name} to be a whole number of at least 1, got {value!r}")
    return value


def _sources(family: _Family, depth: int) -> dict[str, tuple[str, ...]]:
    """Returns the names of their tensors that are stacked in each of our parameters."""
    sources: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in {**_EMBEDDINGS, **family.more}.items()}
    for number in range(depth):
        place = family.layers.format(number)
        for ours, theirs in family.modules.items():
            for kind in ("weight", "bias"):
                sources[f"layers.{number}.{ours}.{kind}"] = tuple(f"{place}{name}.{kind}" for name in theirs)
    return sources


def _read_tensors(
    folder: Path, sources: Mapping[str, tuple[str, ...]], prefix: str, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """Returns the checkpoint's tensors in float32, by our names; those that have a shape in `shapes`."""
    path = folder / WEIGHTS
    if not path.is_file():
        pickles = sorted(other.name for other in folder.glob("*.bin"))
        found = f"{pickles[0]}, a pickle, which runs code when it is read" if pickles else "no such file"
        raise SpaceError(f"{path}: expected safetensors, got {found}; save the model again as one safetensors file")
    try:
        with safe_open(path, framework="pt") as file:
            stored = _plain_names(file.keys(), prefix)
            if not any(name.startswith(_POOLER) for name in stored):
                sources = {ours: names for ours, names in sources.items() if not names[0].startswith(_POOLER)}
            _check_names(stored, [name for names in sources.values() for name in names])
            wanted = {ours: names for ours, names in sources.items() if ours in shapes}
            for ours, names in wanted.items():
                for name in names:
                    _check_shape(name, file.get_slice(stored[name]).get_shape(), shapes[ours], len(names))
            return {ours: _stack([file.get_tensor(stored[n]) for n in names], ours) for ours, names in wanted.items()}
    except (OSError, SafetensorError) as error:
        raise SpaceError(f"{path}: expected a readable safetensors file, got: {error}; fetch it again") from error


def _plain_names(stored: Iterable[str], prefix: str) -> dict[str, str]:
    """Returns the names of the encoder's tensors as they are stored, by their names without prefix, as of today."""
    names: dict[str, str] = {}
    for name in stored:
        plain = name.removeprefix(prefix)
        for old, new in _OLD_NAMES.items():
            plain = plain.replace(old, new)
        if plain in names:
            raise SpaceError(f"{WEIGHTS}: expected one encoder, got {names[plain]} and {name}; remove one")
        if not plain.startswith(_BESIDE) and plain not in _CONSTANTS:
            names[plain] = name
    return names


def _check_names(stored: Iterable[str], wanted: Iterable[str]) -> None:
    """Raises `SpaceError` where the two differ."""
    missing, unexpected = sorted(set(wanted) - set(stored)), sorted(set(stored) - set(wanted))
    if missing or unexpected:
        fault = f"the tensor {missing[0]} is missing" if missing else f"the tensor {unexpected[0]} was not expected"
        raise SpaceError(f"{WEIGHTS}: {fault}; give the file that belongs to {CONFIG}")


def _check_shape(name: str, shape: list[int], ours: tuple[int, ...], parts: int) -> None:
    """Raises `SpaceError` where a tensor is not one of `parts` that are stacked in a parameter of shape `ours`."""
    expected = [ours[0] // parts, *ours[1:]]
    if shape != expected:
        raise SpaceError(f"{WEIGHTS}: expected {name} of shape {expected}, got {shape}; is {CONFIG} of this file?")


def _stack(parts: list[Tensor], name: str) -> Tensor:
    if not all(part.is_floating_point() for part in parts):
        raise SpaceError(
            f"{WEIGHTS}: expected {name} in floating point, got {parts[0].dtype}; give unquantised weights"
        )
    return torch.cat(parts).to(torch.float32)


@torch.no_grad()
def _fill(model: EncoderModel, tensors: Mapping[str, Tensor]) -> None:
    """Copies `tensors` over the parameters of the same names; of two tables, the rows that both have."""
    for name, parameter in model.named_parameters():
        if name in (_POSITIONS, _TYPES):
            parameter.zero_()
            table = tensors.get(name, parameter)[: len(parameter)]
            parameter[: len(table)] = table
        elif name in tensors:
            parameter.copy_(tensors[name])
