"""Memory of a forward pass without gradients, by place.

The moments are those of `traffic.activation_bytes`, which keeps only the worst of them; the tests compare the two, and
both with the bytes that torch's operators keep alive.
"""

from __future__ import annotations

from itertools import pairwise

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.genes import genes_of
from search_spaces.head_traffic import group_traffic
from search_spaces.input_spec import InputSpec
from search_spaces.memory.breakdown import InferenceMemory, Part, Place, Share
from search_spaces.memory.weights import projected_features, weight_shares, with_next_hidden
from search_spaces.pruning import deployed_architecture
from search_spaces.traffic import BYTES

MAPPED = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE)


def inference_memory(candidate: Candidate, input_spec: InputSpec, batch_size: int = 1) -> InferenceMemory:
    """Returns where the memory of a forward pass of `batch_size` sequences of full length goes.

    Embedding and classifier have no activations of their own here: they never hold more than the layer beside them.
    A decoder's output over the vocabulary is a place of its own. A batch counts as so many times one sequence. It takes
    more where several weighted multiplicative heads are wider than the sequence is long, since torch then repeats their
    matrices for every sequence. Heads and channels that the deployment removes are gone; the numbers are fp32 whatever
    its precision.

    Raises:
        SpaceError: `batch_size` is below 1, or the input spec is not one that the candidate's family reads.
    """
    if batch_size < 1:
        raise SpaceError(f"batch_size must be at least 1, got {batch_size}")
    architecture = deployed_architecture(candidate)
    input_spec.check_family(architecture.family)
    decodes = architecture.family is Family.DECODER
    moments = _decoder_moments(architecture, input_spec) if decodes else _encoder_moments(architecture, input_spec)
    activations = [Share(place, BYTES * batch_size * most) for place, most in moments.items()]
    length = input_spec.sequence_length
    maps = max(sum(layer.heads.count(kind) for kind in MAPPED) for layer in architecture.layers)
    return InferenceMemory(
        weights=weight_shares(architecture, input_spec),
        activations=tuple(activations),
        worst=max(activations, key=lambda share: share.bytes).place,
        attention_map_bytes=BYTES * batch_size * maps * length * length,
    )


def _encoder_moments(architecture: Architecture, spec: InputSpec) -> dict[Place, int]:
    """Returns the numbers alive at once in each place of an encoder's layers, for one sequence."""
    length, moments = spec.sequence_length, {}
    for number, (layer, next_hidden) in enumerate(with_next_hidden(architecture), start=1):
        states = length * layer.hidden
        moments[Place(number, Part.ATTENTION)] = _attention_moment(layer, length)
        # Of the second norm: the input of the layer is alive until its output is.
        moments[Place(number, Part.NORM)] = 4 * states + 2 * length
        moments[Place(number, Part.FEED_FORWARD)] = 2 * states + _feed_forward_moment(layer, length)
        if next_hidden != layer.hidden:
            moments[Place(number, Part.TRANSITION)] = 2 * states + length * next_hidden
    return moments


def _decoder_moments(architecture: Architecture, spec: InputSpec) -> dict[Place, int]:
    """Returns the numbers alive at once in each place of a decoder, for one sequence.

    What a norm made is alive, beside the states that it read, until its branch ends.
    """
    length, hidden = spec.length, architecture.layers[0].hidden
    states, moments = length * hidden, {}
    for number, layer in enumerate(architecture.layers, start=1):
        moments[Place(number, Part.ATTENTION)] = states + _attention_moment(layer, length)
        moments[Place(number, Part.NORM)] = 3 * states + 2 * length
        moments[Place(number, Part.FEED_FORWARD)] = 3 * states + _feed_forward_moment(layer, length)
    return {
        **moments,
        Place(None, Part.NORM): 2 * states + 2 * length,
        Place(None, Part.OUTPUT): states + length * spec.vocabulary,
    }


def _feed_forward_moment(layer: Layer, length: int) -> int:
    """Returns the most alive while the feed-forward stack computes, beside its input."""
    sizes = layer.feed_forward
    widest = max(left + right for left, right in pairwise([*sizes, layer.hidden]))
    return length * max(widest, *(2 * size for size in sizes))


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
