"""The backward pass of a whole encoder, from the loss to the embedding; see `operations.py` for the conventions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from search_spaces.arithmetic import BERT_POSITIONS, BERT_TYPES
from search_spaces.candidate import Architecture, Layer
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory.breakdown import Kept, Part, Place
from search_spaces.memory.head_operations import Group, head_operations
from search_spaces.memory.operations import Operation, dropout, gelu, joined, linear, norm
from search_spaces.memory.weights import projected_features, with_next_hidden

Placed = tuple[Place, Operation]


def backward(architecture: Architecture, spec: InputSpec, batch: int, drops: bool) -> Iterator[Placed]:
    """Yields every operation of the backward pass of `batch` sequences of full length, with its place.

    Args:
        architecture: the model.
        spec: what it reads and predicts.
        batch: sequences of one micro-batch.
        drops: whether dropout is on.
    """
    layers = architecture.layers
    rows = batch * spec.sequence_length
    yield Place(None, Part.CLASSIFIER), _end_of_forward(spec, layers[-1].hidden, batch, drops)
    yield from _around(Part.LOSS, _loss(spec, batch))
    yield from _around(Part.CLASSIFIER, _classifier(spec, layers[-1].hidden, batch, drops))
    for number, (layer, next_hidden) in reversed(list(enumerate(with_next_hidden(architecture), start=1))):
        if next_hidden != layer.hidden:
            yield Place(number, Part.TRANSITION), linear(rows, layer.hidden, next_hidden)
        yield from _feed_forward(number, layer, rows, drops)
        yield from _attention(number, layer, spec.sequence_length, batch, drops)
    hidden = layers[0].hidden
    if drops:
        yield Place(None, Part.EMBEDDING), dropout(rows * hidden)
    yield Place(None, Part.NORM), norm(rows, hidden)
    yield from _around(Part.EMBEDDING, _embedding(spec, hidden, rows))


def _around(part: Part, operations: list[Operation]) -> list[Placed]:
    return [(Place(None, part), operation) for operation in operations]


def _loss(spec: InputSpec, batch: int) -> list[Operation]:
    """Cross entropy keeps log-probabilities and the sum of its weights; binary cross entropy keeps the logits."""
    size = batch * spec.classes
    started = Operation(made=2, change=2)  # the loss and the gradient that it starts from live until the end
    if spec.multi_label:
        return [started, Operation({Kept.LOSS: size}, made=size, change=size)]
    return [started, Operation({Kept.LOSS: 1}, made=size, change=size), Operation({Kept.LOSS: size}, made=size)]


def _end_of_forward(spec: InputSpec, hidden: int, batch: int, drops: bool) -> Operation:
    """Returns the one moment of the forward pass that can be its worst: the classifier computes the logits.

    What windows' classifier only averages, the last states, is not kept, but alive; nothing of the loss is yet.
    """
    averaged = batch * hidden * (spec.sequence_length + (1 if drops else 0)) if spec.kind is InputKind.WINDOWS else 0
    of_loss = sum(sum(operation.kept.values()) for operation in _loss(spec, batch))
    return Operation(made=averaged + batch * spec.classes - of_loss)


def _classifier(spec: InputSpec, hidden: int, batch: int, drops: bool) -> list[Operation]:
    pooled, states = batch * hidden, batch * spec.sequence_length * hidden
    tokens = spec.kind is InputKind.TOKENS
    # The pooler's tanh keeps its result; without dropout that is the same tensor as the input of the linear layer.
    shared = tokens and not drops
    operations = [linear(batch, hidden, spec.classes, Kept.POOLED, 0 if shared else pooled)]
    if drops:
        operations.append(dropout(pooled))
    if tokens:
        operations.append(Operation({Kept.POOLED: pooled}, made=pooled))
        # A view of the first token keeps the states of all.
        operations.append(linear(batch, hidden, hidden, kept_numbers=states))
    return [*operations, Operation(made=states, change=states - pooled)]


def _feed_forward(number: int, layer: Layer, rows: int, drops: bool) -> Iterator[Placed]:
    yield Place(number, Part.NORM), norm(rows, layer.hidden)
    for operation in _beside_residual(feed_forward(layer, rows), rows * layer.hidden, drops):
        yield Place(number, Part.FEED_FORWARD), operation


def feed_forward(layer: Layer, rows: int, bias: bool = True) -> list[Operation]:
    """Returns the backward of a feed-forward stack over `rows` positions."""
    sizes = [layer.hidden, *layer.feed_forward, layer.hidden]
    operations = [linear(rows, sizes[-2], layer.hidden, bias=bias)]
    for inputs, outputs in reversed(list(pairwise(sizes[:-1]))):
        operations += [gelu(rows * outputs), linear(rows, inputs, outputs, bias=bias)]
    return operations


def _attention(number: int, layer: Layer, length: int, batch: int, drops: bool) -> Iterator[Placed]:
    size = batch * length * layer.hidden
    yield Place(number, Part.NORM), norm(batch * length, layer.hidden)
    for operation in _beside_residual(attention(layer, length, batch, drops), size, drops):
        yield Place(number, Part.ATTENTION), operation


def attention(layer: Layer, length: int, batch: int, drops: bool, bias: bool = True) -> list[Operation]:
    """Returns the backward of a layer's attention, from the output projection to the fused one."""
    hidden, rows = layer.hidden, batch * length
    concatenated, projected = len(layer.heads) * layer.head_width, projected_features(layer)
    groups = _groups(layer, length, batch, drops)
    shared = len(groups) == 1 and groups[0].keeps_flat_output
    operations = [linear(rows, concatenated, hidden, kept_numbers=0 if shared else rows * concatenated, bias=bias)]
    for group in reversed(groups):
        operations += head_operations(group)
    if len(groups) > 1:
        operations.append(Operation(made=rows * projected))
    return [*operations, linear(rows, hidden, projected, bias=bias)]


def _beside_residual(operations: list[Operation], size: int, drops: bool) -> list[Operation]:
    """Returns the backward of `operations`, of dropout after them, and of the residual's addition."""
    first, *others = [dropout(size), *operations] if drops else operations
    # The gradient that the first of them reads stays, for the way around.
    return [replace(first, change=first.change + size), *others, joined(size)]


def _groups(layer: Layer, length: int, batch: int, drops: bool) -> list[Group]:
    """Returns the groups of heads in forward order; the first that keeps the projection is charged with it."""
    width, kinds = layer.head_width, [(kind, count) for kind, count in layer.head_counts().items() if count]
    projection = batch * length * projected_features(layer)
    concatenated = batch * length * len(layer.heads) * width
    groups = []
    for index, (kind, count) in enumerate(kinds):
        group = Group(kind, count, width, length, batch, drops, projection, 0 if index else concatenated)
        if group.keeps_projection:
            projection = 0
        groups.append(group)
    return groups


def _embedding(spec: InputSpec, hidden: int, rows: int) -> list[Operation]:
    """Returns the backward of the sums and look-ups that make the first states; their inputs are the caller's."""
    positions, states = spec.sequence_length * hidden, rows * hidden
    if spec.kind is InputKind.TOKENS:
        table, words = max(BERT_POSITIONS, spec.length) * hidden, spec.vocabulary * hidden
        types = BERT_TYPES * hidden
        before = [Operation(made=hidden, change=hidden), Operation(made=types, change=-hidden, gradients=types)]
    else:
        table, words, before = positions, (spec.channels * spec.patch + 1) * hidden, []
    return [
        *before,
        Operation(made=positions, change=positions),
        Operation(made=table, change=-positions, gradients=table),
        Operation(made=words, change=-states, gradients=words),
    ]
