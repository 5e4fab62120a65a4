"""What an int8 file stores in 8 bits, from the genes: the weight matrices of linear layers and the word embedding.

Plain arithmetic on `Genes`, as in `arithmetic.py`. Mirrors `models/quantize.py`; the tests compare it with its files.
"""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.arithmetic import last_hidden, last_size, projected, transition_sizes
from search_spaces.genes import Array, Genes
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.traffic import BYTES

SCALE_BYTES = BYTES + 1  # an fp32 scale and the 8-bit number that stands for zero


@dataclass(frozen=True)
class _Linear:
    """Linear layers: how many weights (without biases), how many output features; each `n` or `n x L`."""

    weights: Array
    outputs: Array


def int8_weights(genes: Genes, spec: InputSpec) -> Array:
    """Returns how many weights are stored in 8 bits, `n`; of a decoder the word embedding counts once."""
    return _stored(genes, spec).weights


def scale_bytes(genes: Genes, spec: InputSpec) -> Array:
    """Returns the bytes of the scales of those weights, `n`: one per output feature, one for the word embedding."""
    return SCALE_BYTES * _stored(genes, spec).outputs


def saved_bytes(genes: Genes, spec: InputSpec) -> Array:
    """Returns by how much the weights of int8 candidates are smaller than in fp32, `n`; 0 for the others."""
    stored = _stored(genes, spec)
    return (BYTES - 1) * stored.weights - SCALE_BYTES * stored.outputs


def _stored(genes: Genes, spec: InputSpec) -> _Linear:
    """Returns all that is stored in 8 bits, `n`; the word embedding as a linear layer of one output feature."""
    inside, between, around = genes.int8_layers, genes.int8_layers[..., :-1], genes.int8
    layers, transitions, ends = _layers(genes), _transitions(genes), _ends(genes, spec)
    return _Linear(
        (inside * layers.weights).sum(-1) + (between * transitions.weights).sum(-1) + around * ends.weights,
        (inside * layers.outputs).sum(-1) + (between * transitions.outputs).sum(-1) + around * ends.outputs,
    )


def _layers(genes: Genes) -> _Linear:
    """Returns the projections and the feed-forward stack of each layer, `n x L`."""
    gate, size, hidden = genes.stack_gate, genes.feed_forward, genes.hidden
    inner = (gate[..., 1:] * size[..., :-1] * size[..., 1:]).sum(-1)
    features = projected(genes)
    weights = hidden * (features + genes.heads * genes.width + size[..., 0] + last_size(genes)) + inner
    return _Linear(genes.layer_gate * weights, genes.layer_gate * (features + 2 * hidden + size.sum(-1)))


def _transitions(genes: Genes) -> _Linear:
    """Returns the projections between layers, `n x (L - 1)`; each belongs to the layer before it."""
    gate, source, target = transition_sizes(genes)
    return _Linear(gate * source * target, gate * target)


def _ends(genes: Genes, spec: InputSpec) -> _Linear:
    """Returns word embedding, pooler and classifier, `n`; a decoder's output layer is its word embedding."""
    hidden = last_hidden(genes)
    if spec.kind is InputKind.WINDOWS:
        return _Linear(hidden * spec.classes, 0 * hidden + spec.classes)
    words = spec.vocabulary * genes.hidden[..., 0]
    if spec.kind is InputKind.TEXT:
        return _Linear(words, 0 * hidden + 1)
    return _Linear(words + hidden * (hidden + spec.classes), hidden + spec.classes + 1)
