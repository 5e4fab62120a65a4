"""Kernel launches, bytes moved and peak activations of a forward pass, from the genes.

A launch is one operator that reads and writes memory (views are free). All three follow the modules of
`search_spaces.models`, operator by operator, for inference on one unpadded sequence of full length, as torch runs them
on a CPU; the tests record torch's operators and compare. (Heads of width 1 are the exception: torch can skip some of
their copies.) Plain arithmetic on `Genes`, as in `arithmetic.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.arithmetic import count_of, last_hidden, last_size, projected, transition_sizes
from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.genes import Array, Genes
from search_spaces.input_spec import InputKind, InputSpec

BYTES = 4  # of one fp32 number
CONVOLUTION_LAUNCHES = 11


@dataclass(frozen=True)
class GroupTraffic:
    """One kind of heads in every layer; each `n x L`.

    Attributes:
        launches: operators launched.
        moved: numbers read and written.
        output: numbers in its result.
        peak: numbers alive at once inside the group, its result included.
    """

    launches: Array
    moved: Array
    output: Array
    peak: Array


def larger(left: Array, right: Array) -> Array:
    """Returns the elementwise maximum in arithmetic that numpy and torch share."""
    return right + (left - right).clip(min=0)


def mixed(genes: Genes) -> Array:
    """Returns 1 where a layer holds several kinds of heads, else 0; `n x L`."""
    present = sum(count_of(genes, kind).clip(max=1) for kind in HEAD_KINDS)
    return (present - 1).clip(min=0, max=1)


def group_traffic(genes: Genes, kind: HeadKind, length: int) -> GroupTraffic:
    """Returns what the heads of `kind` launch, move and keep alive."""
    count, width = count_of(genes, kind), genes.width
    present, several = count.clip(max=1), (count - 1).clip(min=0, max=1)
    size = length * count * width
    if kind is HeadKind.SCALED_DOT_PRODUCT:
        statistics = length * count
        return GroupTraffic(present, 4 * size + statistics, size, size + statistics)
    if kind is HeadKind.WEIGHTED_MULTIPLICATIVE:
        statistics = length * count
        moved = (6 + 2 * several) * size + statistics + count * width * width
        # With several heads the result is copied into the order of the other groups.
        return GroupTraffic(2 * present + several, moved, size, larger((2 + several) * size, 2 * size + statistics))
    if kind is HeadKind.FOURIER or kind is HeadKind.COSINE:
        waves = 2 if kind is HeadKind.FOURIER else 1
        # Beside other kinds the values lie apart in memory, and the product over the width copies them first.
        copied = several * mixed(genes)
        constants = present * waves * (width * width + length * length)
        reordered = 4 if kind is HeadKind.FOURIER else 0
        moved = (2 + 2 * waves + reordered + 2 * copied) * size + constants
        peak = 4 * size if kind is HeadKind.FOURIER else 2 * size
        return GroupTraffic((1 + waves) * present + copied, moved, size, peak)
    return _convolution_traffic(count, width, length, kind.kernel or 0)


def _convolution_traffic(count: Array, width: Array, length: int, kernel: int) -> GroupTraffic:
    size, features = length * count * width, count * width
    weights = length * count * kernel
    padded = 2 * (length + kernel - 1) * features
    moved = 2 * size + padded + (6 * kernel + 10) * size + 6 * weights
    moved = moved + features * (2 * kernel + width + 1) + count * kernel
    return GroupTraffic(CONVOLUTION_LAUNCHES * count.clip(max=1), moved, size, padded + (kernel + 2) * size + weights)


def launches(genes: Genes, spec: InputSpec) -> Array:
    """Returns the number of operators launched, `n`."""
    groups = [group_traffic(genes, kind, spec.sequence_length).launches for kind in HEAD_KINDS]
    layer = sum(groups) + mixed(genes) + 2 * genes.stack_gate.sum(-1) + 7
    around = 7 if spec.kind is InputKind.TOKENS else 5
    return (genes.layer_gate * layer).sum(-1) + genes.transition.sum(-1) + around


def constants(genes: Genes, spec: InputSpec) -> Array:
    """Returns the numbers in the constant matrices of Fourier and cosine heads, `n`."""
    length, width = spec.sequence_length, genes.width
    matrices = 2 * count_of(genes, HeadKind.FOURIER).clip(max=1) + count_of(genes, HeadKind.COSINE).clip(max=1)
    return (genes.layer_gate * matrices * (length * length + width * width)).sum(-1)


def bytes_moved(genes: Genes, spec: InputSpec) -> Array:
    """Returns bytes read and written by all operators, `n`; of an embedding table only the rows looked up count."""
    length, hidden = spec.sequence_length, genes.hidden
    concatenated = genes.heads * genes.width
    layer = sum(group_traffic(genes, kind, length).moved for kind in HEAD_KINDS)
    layer = layer + mixed(genes) * 2 * length * concatenated
    layer = layer + _linear(length, hidden, projected(genes)) + _linear(length, concatenated, hidden)
    layer = layer + _feed_forward_moved(genes, length) + 2 * (3 * length * hidden + _norm(length, hidden))
    gate, source, target = transition_sizes(genes)
    transitions = (gate * _linear(length, source, target)).sum(-1)
    around = _embedding_moved(genes, spec) + _classifier_moved(genes, spec)
    return BYTES * ((genes.layer_gate * layer).sum(-1) + transitions + around)


def activation_bytes(genes: Genes, spec: InputSpec) -> Array:
    """Returns the bytes of activations alive at once at the worst moment, `n`; the input itself is the caller's."""
    length, hidden = spec.sequence_length, genes.hidden
    states = length * hidden
    worst = larger(_attention_peak(genes, length), 4 * states + 2 * length)
    worst = genes.layer_gate * larger(worst, 2 * states + _feed_forward_peak(genes, length))
    gate, source, target = transition_sizes(genes)
    between = gate * length * (2 * source + target)
    peak = worst[..., 0]
    for layer in range(1, worst.shape[-1]):
        peak = larger(larger(peak, worst[..., layer]), between[..., layer - 1])
    return BYTES * peak


def _attention_peak(genes: Genes, length: int) -> Array:
    kept, peak = 0, 0
    for kind in HEAD_KINDS:
        group = group_traffic(genes, kind, length)
        peak = larger(kept + group.peak, peak)
        kept = kept + group.output
    peak = larger(peak, kept + mixed(genes) * kept)
    peak = larger(peak, kept + length * genes.hidden)
    return length * (genes.hidden + projected(genes)) + peak


def _feed_forward_peak(genes: Genes, length: int) -> Array:
    gate, size = genes.stack_gate, genes.feed_forward
    peak = last_size(genes) + genes.hidden
    for stack in range(size.shape[-1]):
        peak = larger(gate[..., stack] * 2 * size[..., stack], peak)
        if stack:
            peak = larger(gate[..., stack] * (size[..., stack - 1] + size[..., stack]), peak)
    return length * peak


def _feed_forward_moved(genes: Genes, length: int) -> Array:
    gate, size, hidden = genes.stack_gate, genes.feed_forward, genes.hidden
    inner = (gate[..., 1:] * _linear(length, size[..., :-1], size[..., 1:])).sum(-1)
    activations = 2 * length * (gate * size).sum(-1)
    return _linear(length, hidden, size[..., 0]) + inner + activations + _linear(length, last_size(genes), hidden)


def _embedding_moved(genes: Genes, spec: InputSpec) -> Array:
    length, hidden = spec.sequence_length, genes.hidden[..., 0]
    states = length * hidden
    if spec.kind is InputKind.TOKENS:
        return 2 * length + 7 * states + hidden + _norm(length, hidden)
    weights = (spec.channels * spec.patch + 1) * hidden
    return spec.channels * spec.length + weights + 4 * states + _norm(length, hidden)


def _classifier_moved(genes: Genes, spec: InputSpec) -> Array:
    hidden = last_hidden(genes)
    output = _linear(1, hidden, spec.classes)
    if spec.kind is InputKind.TOKENS:
        return _linear(1, hidden, hidden) + 2 * hidden + output
    return spec.sequence_length * hidden + hidden + output


def _linear(rows: int, inputs: Array, outputs: Array) -> Array:
    return rows * (inputs + outputs) + (inputs + 1) * outputs


def _norm(length: int, hidden: Array) -> Array:
    return 2 * length * hidden + 2 * hidden + 2 * length
