"""Parameters and multiply-accumulates of a model, from its genes.

Every formula is plain arithmetic on `Genes`, so that numpy arrays and torch tensors pass through it alike and tensors
stay differentiable. Each mirrors one module of `search_spaces.models`; the tests compare the counts with torch's.
"""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.genes import Array, Genes
from search_spaces.input_spec import InputKind, InputSpec

BERT_POSITIONS = 512  # as many as published BERT weights have, see models/inputs.py
BERT_TYPES = 2

CONVOLUTIONS = tuple(kind for kind in HEAD_KINDS if kind.kernel is not None)
QUERYING = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE, *CONVOLUTIONS)


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates of one forward pass of one sequence, by what causes them; each `n`."""

    attention_projection: Array
    attention_mixing: Array
    fourier: Array
    convolution: Array
    feed_forward: Array
    embedding: Array
    head: Array


def count_of(genes: Genes, kind: HeadKind) -> Array:
    """Returns how many heads of `kind` each layer has, `n x L`."""
    return genes.head_counts[..., HEAD_KINDS.index(kind)]


def projected(genes: Genes) -> Array:
    """Returns the features of each layer's fused projection, `n x L`: values for all heads, q and k for some."""
    querying = sum(count_of(genes, kind) for kind in QUERYING)
    return (genes.heads + 2 * querying) * genes.width


def last_hidden(genes: Genes) -> Array:
    """Returns the hidden size of the last layer, `n`."""
    gate, hidden = genes.layer_gate, genes.hidden
    return (gate * hidden).sum(-1) - (gate[..., 1:] * hidden[..., :-1]).sum(-1)


def last_size(genes: Genes) -> Array:
    """Returns the last size of each layer's feed-forward stack, `n x L`."""
    gate, size = genes.stack_gate, genes.feed_forward
    return (gate * size).sum(-1) - (gate[..., 1:] * size[..., :-1]).sum(-1)


def biases(genes: Genes) -> Array:
    """Returns 1 where linear layers and norms have biases, `n x 1`: for every layer."""
    return genes.bias[..., None]


def transition_sizes(genes: Genes) -> tuple[Array, Array, Array]:
    """Returns (gate, from, to) of the projections between layers, each `n x (L - 1)`."""
    return genes.transition[..., :-1], genes.hidden[..., :-1], genes.hidden[..., 1:]


def parameters(genes: Genes, spec: InputSpec) -> Array:
    """Returns the number of trained parameters, `n`: exactly torch's count."""
    first = genes.hidden[..., 0]
    layers = _attention_parameters(genes) + _feed_forward_parameters(genes)
    layers = layers + (2 + 2 * biases(genes)) * genes.hidden  # norms
    gate, source, target = transition_sizes(genes)
    transitions = (gate * (source * target + target)).sum(-1)
    embedding = _embedding_rows(spec) * first
    return (genes.layer_gate * layers).sum(-1) + transitions + embedding + _classifier_parameters(genes, spec)


def _embedding_rows(spec: InputSpec) -> int:
    """Returns the rows of all tables before the first layer, and of the norm after them where there is one."""
    if spec.kind is InputKind.TEXT:
        return spec.vocabulary + spec.length
    if spec.kind is InputKind.TOKENS:
        return spec.vocabulary + max(BERT_POSITIONS, spec.length) + BERT_TYPES + 2
    return spec.channels * spec.patch + 1 + spec.sequence_length + 2


def _attention_parameters(genes: Genes) -> Array:
    width, hidden, bias = genes.width, genes.hidden, biases(genes)
    total = (hidden + bias) * projected(genes) + (genes.heads * width + bias) * hidden
    total = total + count_of(genes, HeadKind.WEIGHTED_MULTIPLICATIVE) * width * width
    for kind in CONVOLUTIONS:
        kernel = kind.kernel or 0
        total = total + count_of(genes, kind) * (2 * kernel * width + width * width + width + kernel)
    return total


def _feed_forward_parameters(genes: Genes) -> Array:
    gate, size, hidden, bias = genes.stack_gate, genes.feed_forward, genes.hidden, biases(genes)
    inner = (gate[..., 1:] * (size[..., :-1] + bias[..., None]) * size[..., 1:]).sum(-1)
    return (hidden + bias) * size[..., 0] + inner + (last_size(genes) + bias) * hidden


def _classifier_parameters(genes: Genes, spec: InputSpec) -> Array:
    hidden = last_hidden(genes)
    if spec.kind is InputKind.TEXT:
        return (1 + genes.bias) * hidden  # the last norm: the output's weights are the embedding's
    total = (hidden + 1) * spec.classes
    return total + (hidden + 1) * hidden if spec.kind is InputKind.TOKENS else total


def macs(genes: Genes, spec: InputSpec) -> Macs:
    """Returns the multiply-accumulates of one sequence of full length.

    The q W of weighted multiplicative heads counts as projection; projections between layers count as feed-forward. A
    decoder's attention counts the whole length x length product, half of which its causal mask discards: so does torch.
    """
    length, gate = spec.sequence_length, genes.layer_gate
    hidden, width = genes.hidden, genes.width
    weighted = count_of(genes, HeadKind.WEIGHTED_MULTIPLICATIVE)
    attending = count_of(genes, HeadKind.SCALED_DOT_PRODUCT) + weighted
    projection = hidden * (projected(genes) + genes.heads * width) + weighted * width * width
    windows = spec.kind is InputKind.WINDOWS
    return Macs(
        attention_projection=length * (gate * projection).sum(-1),
        attention_mixing=2 * length * length * (gate * attending * width).sum(-1),
        fourier=(gate * _fourier_macs(genes, length)).sum(-1),
        convolution=length * (gate * _convolution_macs(genes)).sum(-1),
        feed_forward=length * _feed_forward_macs(genes),
        embedding=(length * spec.channels * spec.patch if windows else 0) * hidden[..., 0],
        head=_head_macs(genes, spec),
    )


def _head_macs(genes: Genes, spec: InputSpec) -> Array:
    last = last_hidden(genes)
    if spec.kind is InputKind.TEXT:
        return spec.length * last * spec.vocabulary
    return last * (last + spec.classes) if spec.kind is InputKind.TOKENS else last * spec.classes


def _fourier_macs(genes: Genes, length: int) -> Array:
    """Returns MACs of the Fourier heads (two matrices per side) and the cosine heads (one), `n x L`."""
    one_sided = length * genes.width * (genes.width + length)
    return (2 * count_of(genes, HeadKind.FOURIER) + count_of(genes, HeadKind.COSINE)) * one_sided


def _convolution_macs(genes: Genes) -> Array:
    """Returns MACs per position of the dynamic convolutions, `n x L`: span, pointwise, generator, mixing."""
    width = genes.width
    total = 0
    for kind in CONVOLUTIONS:
        total = total + count_of(genes, kind) * width * (3 * (kind.kernel or 0) + width)
    return total


def _feed_forward_macs(genes: Genes) -> Array:
    """Returns MACs per position of the feed-forward stacks and the projections between layers, `n`."""
    gate, size, hidden = genes.stack_gate, genes.feed_forward, genes.hidden
    inner = (gate[..., 1:] * size[..., :-1] * size[..., 1:]).sum(-1)
    stacks = genes.layer_gate * (hidden * (size[..., 0] + last_size(genes)) + inner)
    transition, source, target = transition_sizes(genes)
    return stacks.sum(-1) + (transition * source * target).sum(-1)
