"""Memory of a forward pass without gradients, by place.

The moments are those of `traffic.activation_bytes`, which keeps only the worst of them; the tests compare the two, and
both with the bytes that torch's operators keep alive.
"""

from __future__ import annotations

from itertools import pairwise

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputSpec
from search_spaces.memory.breakdown import InferenceMemory, Part, Place, Share
from search_spaces.memory.weights import projected_features, weight_shares, with_next_hidden
from search_spaces.traffic import BYTES, group_traffic

MAPPED = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE)


def inference_memory(candidate: Candidate, input_spec: InputSpec, batch_size: int = 1) -> InferenceMemory:
    """Returns where the memory of a forward pass of `batch_size` sequences of full length goes.

    Embedding and classifier have no activations of their own here: they never hold more than the layer beside them.
    A batch counts as so many times one sequence. It takes more where several weighted multiplicative heads are wider
    than the sequence is long, since torch then repeats their matrices for every sequence.

    Raises:
        SpaceError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise SpaceError(f"batch_size must be at least 1, got {batch_size}")
    length = input_spec.sequence_length
    activations: list[Share] = []
    for number, (layer, next_hidden) in enumerate(with_next_hidden(candidate.architecture), start=1):
        for part, most in _moments(layer, next_hidden, length).items():
            activations.append(Share(Place(number, part), BYTES * batch_size * most))
    maps = max(sum(layer.heads.count(kind) for kind in MAPPED) for layer in candidate.architecture.layers)
    return InferenceMemory(
        weights=weight_shares(candidate.architecture, input_spec),
        activations=tuple(activations),
        worst=max(activations, key=lambda share: share.bytes).place,
        attention_map_bytes=BYTES * batch_size * maps * length * length,
    )


def _moments(layer: Layer, next_hidden: int, length: int) -> dict[Part, int]:
    """Returns the numbers alive at once in each part of `layer`, for one sequence."""
    hidden, stack = layer.hidden, layer.feed_forward
    states = length * hidden
    widest = max(left + right for left, right in pairwise([*stack, hidden]))
    moments = {
        Part.ATTENTION: _attention_moment(layer, length),
        Part.NORM: 4 * states + 2 * length,  # the second: the input of the layer is alive until its output is
        Part.FEED_FORWARD: 2 * states + length * max(widest, *(2 * size for size in stack)),
    }
    if next_hidden != hidden:
        moments[Part.TRANSITION] = 2 * states + length * next_hidden
    return moments


def _attention_moment(layer: Layer, length: int) -> int:
    """Returns the most alive while the groups of heads compute one after the other, then are joined and projected."""
    genes = genes_of([Candidate(Architecture((layer,)))])
    done = most = 0
    for kind in HEAD_KINDS:
        group = group_traffic(genes, kind, length)
        most = max(most, done + int(group.peak.item()))
        done += int(group.output.item())
    if len(set(layer.heads)) > 1:
        most = max(most, 2 * done)
    most = max(most, done + length * layer.hidden)
    return length * (layer.hidden + projected_features(layer)) + most
