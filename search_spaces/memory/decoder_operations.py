"""The backward pass of a whole decoder, from the loss to the embedding; see `operations.py` for the conventions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from search_spaces.candidate import Architecture
from search_spaces.input_spec import InputSpec
from search_spaces.memory.breakdown import Kept, Part, Place
from search_spaces.memory.model_operations import Placed, attention, feed_forward
from search_spaces.memory.operations import Operation, dropout, joined, linear, norm


def decoder_backward(architecture: Architecture, spec: InputSpec, batch: int, drops: bool) -> Iterator[Placed]:
    """Yields every operation of the backward pass of `batch` sequences of full length, with its place.

    Args:
        architecture: the model, a decoder.
        spec: what it reads and predicts; the loss is the cross entropy of all positions.
        batch: sequences of one micro-batch.
        drops: whether dropout is on.
    """
    rows, hidden, bias = batch * spec.length, architecture.layers[0].hidden, architecture.bias
    for operation in _loss(rows * spec.vocabulary):
        yield Place(None, Part.LOSS), operation
    yield Place(None, Part.OUTPUT), _output(rows, hidden, spec.vocabulary)
    yield Place(None, Part.NORM), norm(rows, hidden, bias)
    for number, layer in reversed(list(enumerate(architecture.layers, start=1))):
        branches = {
            Part.FEED_FORWARD: feed_forward(layer, rows, bias),
            Part.ATTENTION: attention(layer, spec.length, batch, drops, bias),
        }
        for part, operations in branches.items():
            first, *others = [dropout(rows * hidden), *operations] if drops else operations
            # The gradient that the first of them reads stays, for the way around.
            yield Place(number, part), replace(first, change=first.change + rows * hidden)
            for operation in others:
                yield Place(number, part), operation
            yield Place(number, Part.NORM), norm(rows, hidden, bias)
            yield Place(number, part), joined(rows * hidden)
    if drops:
        yield Place(None, Part.EMBEDDING), dropout(rows * hidden)
    for operation in _embedding(rows, hidden, spec):
        yield Place(None, Part.EMBEDDING), operation


def _loss(size: int) -> list[Operation]:
    """Returns the backward of the cross entropy: it keeps log-probabilities and the sum of its weights."""
    started = Operation(made=2, change=2)  # the loss and the gradient that it starts from live until the end
    return [started, Operation({Kept.LOSS: 1}, made=size, change=size), Operation({Kept.LOSS: size}, made=size)]


def _output(rows: int, hidden: int, vocabulary: int) -> Operation:
    """Returns the backward of the output; the gradient of its weights waits for the embedding's: they are the same."""
    output = linear(rows, hidden, vocabulary, bias=False)
    return replace(output, change=output.change + output.gradients, gradients=0)


def _embedding(rows: int, hidden: int, spec: InputSpec) -> list[Operation]:
    """Returns the backward of the sum and look-ups that make the first states; their inputs are the caller's."""
    positions, words = spec.length * hidden, spec.vocabulary * hidden
    return [
        Operation(made=positions, change=positions),
        Operation(made=positions, change=-positions, gradients=positions),
        Operation(made=words, change=words - rows * hidden),
        Operation(made=words, change=-2 * words, gradients=words),  # the sum with what the output left
    ]
