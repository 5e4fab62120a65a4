"""Our models of tokens as folders that the library `transformers` reads with its own code, where they are stock BERTs.

The inverse of `pretrained`, with its table of names. Only what BERT itself computes can be written: one hidden size,
heads of scaled dot products alone and as many in every layer, one feed-forward size. DistilBERT's classifier is another
than ours, so its layers, too, are written as BERT's.

Source: names of tensors and of configuration fields as `transformers` writes them (model_type "bert").
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from search_spaces.candidate import Architecture, Candidate, HeadKind
from search_spaces.deployment import Precision
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models.encoder import EncoderModel
from search_spaces.models.layers import NORM_EPSILON
from search_spaces.models.pretrained import _FAMILIES, CONFIG, WEIGHTS, _sources
from search_spaces.pruning import deployed_architecture

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "special_tokens_map.json",
    "added_tokens.json",
)
_CLASSIFIER = "classifier.output."  # ours; "classifier." there


def not_stock(candidate: Candidate, input_spec: InputSpec) -> tuple[str, ...]:
    """Returns what of a candidate BERT's own code cannot compute, as words; nothing for a stock architecture."""
    layers = deployed_architecture(candidate).layers
    heads = {kind for layer in layers for kind in layer.heads} - {HeadKind.SCALED_DOT_PRODUCT}
    found = [
        (input_spec.kind is not InputKind.TOKENS, f"an input of {input_spec.kind.value}, not tokens"),
        (bool(heads), f"heads of the kind {', '.join(sorted(kind.value for kind in heads))}"),
        (len({layer.hidden for layer in layers}) > 1, "layers of several hidden sizes"),
        (len({len(layer.heads) for layer in layers}) > 1, "another number of heads in some layers"),
        (
            any(layer.head_width * len(layer.heads) != layer.hidden for layer in layers),
            "heads that do not fill the hidden size",
        ),
        (any(len(layer.feed_forward) > 1 for layer in layers), "feed-forward stacks of more than one size"),
        (len({layer.feed_forward for layer in layers}) > 1, "another feed-forward size in some layers"),
        (candidate.deployment.precision is not Precision.FP32, f"the precision {candidate.deployment.precision.value}"),
    ]
    return tuple(words for holds, words in found if holds)


def check_stock(candidate: Candidate, input_spec: InputSpec) -> None:
    """Raises `SpaceError`, which names every feature that is not stock, where BERT's own code cannot compute this."""
    if features := not_stock(candidate, input_spec):
        raise SpaceError(
            f"hf: expected a model that BERT's own code computes, got one with {'; '.join(features)}; export it as "
            f"onnx or torch"
        )


def write_checkpoint(
    model: EncoderModel,
    folder: Path,
    candidate: Candidate,
    input_spec: InputSpec,
    labels: Sequence[str],
    tokenizer: Path | None = None,
) -> None:
    """Writes config.json, model.safetensors and a tokenizer's files, for transformers' own classifier of sequences.

    ``AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=False)`` then gives our logits.

    Args:
        model: of the candidate's deployed architecture; not changed.
        folder: exists.
        candidate: what the model is.
        input_spec: what it reads.
        labels: names of the classes, all different.
        tokenizer: folder whose files of `TOKENIZER_FILES` are copied; at least one must be there. None copies nothing.

    Raises:
        SpaceError: the candidate is no stock one, the labels are not one different name a class, there is no tokenizer,
            or a file cannot be written.
    """
    check_stock(candidate, input_spec)
    if len(set(labels)) != input_spec.classes or len(labels) != input_spec.classes:
        raise SpaceError(f"expected {input_spec.classes} different labels, got {len(labels)}; name each class once")
    found = [] if tokenizer is None else [tokenizer / name for name in TOKENIZER_FILES if (tokenizer / name).is_file()]
    if tokenizer is not None and not found:
        raise SpaceError(f"expected a tokenizer's file in {tokenizer}, such as {TOKENIZER_FILES[0]}, got none")
    config = _config(deployed_architecture(candidate), model, labels)
    try:
        (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        save_file(_tensors(model), folder / WEIGHTS, metadata={"format": "pt"})
        for file in found:
            shutil.copyfile(file, folder / file.name)
    except (OSError, SafetensorError) as error:
        raise SpaceError(f"cannot write the model into {folder} ({error}); choose another folder") from error


def _config(architecture: Architecture, model: EncoderModel, labels: Sequence[str]) -> dict[str, Any]:
    layer, spec = architecture.layers[0], model.input_spec
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    return {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "hidden_size": layer.hidden,
        "num_attention_heads": len(layer.heads),
        "num_hidden_layers": len(architecture.layers),
        "intermediate_size": layer.feed_forward[0],
        "hidden_act": "gelu",
        "layer_norm_eps": NORM_EPSILON,
        "position_embedding_type": "absolute",
        "max_position_embeddings": shapes["embedding.positions"][0],
        "type_vocab_size": shapes["embedding.types"][0],
        "vocab_size": spec.vocabulary,
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
        "problem_type": "multi_label_classification" if spec.multi_label else "single_label_classification",
    }


def _tensors(model: EncoderModel) -> dict[str, Tensor]:
    """Returns the weights by transformers' names: what we stack is parted again."""
    family = _FAMILIES["bert"]
    names = _sources(family, len(model.layers))
    tensors: dict[str, Tensor] = {}
    for ours, tensor in model.state_dict().items():
        if ours.startswith(_CLASSIFIER):
            tensors[f"classifier.{ours.removeprefix(_CLASSIFIER)}"] = tensor.detach().clone()
            continue
        theirs = names[ours]
        for name, part in zip(theirs, tensor.detach().chunk(len(theirs)), strict=True):
            tensors[f"{family.prefix}{name}"] = part.clone()
    return tensors
