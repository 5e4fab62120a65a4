"""Kernel launches, bytes moved and peak activations of a forward pass, from the genes.

A launch is one operator that reads and writes memory (views are free). All three follow the modules of
`search_spaces.models`, operator by operator, for inference on one unpadded sequence of full length, as torch runs them
on a CPU; the tests record torch's operators and compare. (Heads of width 1 are the exception: torch can skip some of
their copies.) Plain arithmetic on `Genes`, as in `arithmetic.py`.
"""

from __future__ import annotations

from search_spaces.arithmetic import biases, count_of, last_hidden, last_size, projected, transition_sizes
from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.genes import Array, Genes
from search_spaces.head_traffic import group_traffic, larger, mixed
from search_spaces.input_spec import InputKind, InputSpec

BYTES = 4  # of one fp32 number

AROUND_LAUNCHES = {InputKind.TOKENS: 7, InputKind.WINDOWS: 5, InputKind.TEXT: 4}
"""Operators launched before the first layer and after the last."""


def launches(genes: Genes, spec: InputSpec) -> Array:
    """Returns the number of operators launched, `n`."""
    groups = [group_traffic(genes, kind, spec.sequence_length).launches for kind in HEAD_KINDS]
    layer = sum(groups) + mixed(genes) + 2 * genes.stack_gate.sum(-1) + 7
    return (genes.layer_gate * layer).sum(-1) + genes.transition.sum(-1) + AROUND_LAUNCHES[spec.kind]


def constants(genes: Genes, spec: InputSpec) -> Array:
    """Returns the numbers in the constant matrices of Fourier and cosine heads, `n`."""
    length, width = spec.sequence_length, genes.width
    matrices = 2 * count_of(genes, HeadKind.FOURIER).clip(max=1) + count_of(genes, HeadKind.COSINE).clip(max=1)
    return (genes.layer_gate * matrices * (length * length + width * width)).sum(-1)


def bytes_moved(genes: Genes, spec: InputSpec) -> Array:
    """Returns bytes read and written by all operators, `n`; of an embedding table only the rows looked up count."""
    length, hidden, bias = spec.sequence_length, genes.hidden, biases(genes)
    concatenated = genes.heads * genes.width
    layer = sum(group_traffic(genes, kind, length).moved for kind in HEAD_KINDS)
    layer = layer + mixed(genes) * 2 * length * concatenated
    layer = layer + _linear(length, hidden, projected(genes), bias) + _linear(length, concatenated, hidden, bias)
    layer = layer + _feed_forward_moved(genes, length) + 2 * (3 * length * hidden + _norm(length, hidden, bias))
    gate, source, target = transition_sizes(genes)
    transitions = (gate * _linear(length, source, target)).sum(-1)
    around = _embedding_moved(genes, spec) + _classifier_moved(genes, spec)
    return BYTES * ((genes.layer_gate * layer).sum(-1) + transitions + around)


def activation_bytes(genes: Genes, spec: InputSpec) -> Array:
    """Returns the bytes of activations alive at once at the worst moment, `n`; the input itself is the caller's."""
    if spec.kind is InputKind.TEXT:
        return _decoder_activation_bytes(genes, spec)
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


def _decoder_activation_bytes(genes: Genes, spec: InputSpec) -> Array:
    """Returns the same of a decoder: what a norm made is alive beside the states that it read until its branch ends."""
    length, last = spec.length, last_hidden(genes)
    states = length * genes.hidden
    worst = larger(states + _attention_peak(genes, length), 3 * states + _feed_forward_peak(genes, length))
    worst = genes.layer_gate * worst
    peak = larger(length * (last + spec.vocabulary), 2 * length * (last + 1))
    for layer in range(worst.shape[-1]):
        peak = larger(peak, worst[..., layer])
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
    gate, size, hidden, bias = genes.stack_gate, genes.feed_forward, genes.hidden, biases(genes)
    inner = (gate[..., 1:] * _linear(length, size[..., :-1], size[..., 1:], bias[..., None])).sum(-1)
    activations = 2 * length * (gate * size).sum(-1)
    first, last = _linear(length, hidden, size[..., 0], bias), _linear(length, last_size(genes), hidden, bias)
    return first + inner + activations + last


def _embedding_moved(genes: Genes, spec: InputSpec) -> Array:
    length, hidden = spec.sequence_length, genes.hidden[..., 0]
    states = length * hidden
    if spec.kind is InputKind.TEXT:
        return 2 * length + 5 * states
    if spec.kind is InputKind.TOKENS:
        return 2 * length + 7 * states + hidden + _norm(length, hidden)
    weights = (spec.channels * spec.patch + 1) * hidden
    return spec.channels * spec.length + weights + 4 * states + _norm(length, hidden)


def _classifier_moved(genes: Genes, spec: InputSpec) -> Array:
    hidden = last_hidden(genes)
    if spec.kind is InputKind.TEXT:
        return _norm(spec.length, hidden, genes.bias) + _linear(spec.length, hidden, spec.vocabulary, 0)
    output = _linear(1, hidden, spec.classes)
    if spec.kind is InputKind.TOKENS:
        return _linear(1, hidden, hidden) + 2 * hidden + output
    return spec.sequence_length * hidden + hidden + output


def _linear(rows: int, inputs: Array, outputs: Array, bias: Array = 1) -> Array:
    return rows * (inputs + outputs) + (inputs + bias) * outputs


def _norm(length: int, hidden: Array, bias: Array = 1) -> Array:
    return 2 * length * hidden + (1 + bias) * hidden + 2 * length
