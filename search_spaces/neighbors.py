"""The candidates next to a candidate: one gene changed, everything else kept as far as the space allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from search_spaces.candidate import Candidate, HeadKind, Layer
from search_spaces.deployment import LayerDeployment
from search_spaces.deployment_space import changing, choices_of, layer_changes, with_changes
from search_spaces.encoding import Choice
from search_spaces.errors import SpaceError
from search_spaces.layer_genes import Gene
from search_spaces.space import DesignSpace

Layers = tuple[Layer, ...]
Pairs = tuple[tuple[Layer, LayerDeployment], ...]


def neighbors(space: DesignSpace, candidate: Candidate, rng: np.random.Generator, limit: int) -> list[Candidate]:
    """Returns up to `limit` different candidates of `space` that differ from `candidate` in one gene, in random order.

    The genes: the number of layers (the next choices above and below; layers are dropped or doubled at any place), a
    hidden size, a number of heads or a feed-forward size (the next choices), the kind of one head (of all, where heads
    are homogeneous), the depth of a stack, the deployment, what becomes of a layer in it, the biases. What then breaks
    a condition moves to its nearest choice; a gene that is uniform changes in all layers.

    Raises:
        SpaceError: the candidate is not in the space.
    """
    reason = space.why_not(candidate)
    if reason:
        raise SpaceError(f"the candidate is not in the space {space.name}: {reason}")
    layers, changes = candidate.architecture.layers, layer_changes(candidate)
    pairs = tuple(zip(layers, changes, strict=True))
    changed = dict.fromkeys(_other_depths(space, pairs))
    for place, layer in enumerate(layers):
        for other in _other_layers(space, layer):
            changed[tuple(zip(_replace(space, layers, place, other), changes, strict=True))] = None
    found = [_with_pairs(candidate, new) for new in changed if new != pairs]
    found += _other_deployments(space, candidate)
    found += [_with_bias(candidate, bias) for bias in space.bias if bias is not candidate.architecture.bias]
    found = [neighbor for neighbor in dict.fromkeys(found) if space.contains(neighbor)]
    return [found[index] for index in rng.permutation(len(found))[: max(limit, 0)]]


def _with_pairs(candidate: Candidate, pairs: Pairs) -> Candidate:
    """Returns `candidate` with other layers, and what becomes of each of them."""
    architecture = dataclasses.replace(candidate.architecture, layers=tuple(layer for layer, _ in pairs))
    return Candidate(architecture, with_changes(candidate.deployment, tuple(change for _, change in pairs)))


def _with_bias(candidate: Candidate, bias: bool) -> Candidate:
    return Candidate(dataclasses.replace(candidate.architecture, bias=bias), candidate.deployment)


def _other_deployments(space: DesignSpace, candidate: Candidate) -> Iterator[Candidate]:
    """Yields the candidate in each other deployment, and with the next choice of what becomes of one layer (or all)."""
    architecture, deployment, changes = candidate.architecture, candidate.deployment, layer_changes(candidate)
    for whole in space.deployments:
        if whole != deployment.whole:
            fitting = changes
            if not deployment.precision.is_int8:
                fitting = tuple(dataclasses.replace(change, keep_fp32=space.keep_fp32[0]) for change in changes)
            yield Candidate(architecture, with_changes(whole, fitting))
    for gene in changing(space, deployment):
        for place, change in enumerate(changes):
            for choice in _beside(choices_of(space, gene), getattr(change, gene.value)):
                everywhere = gene in space.uniform
                others = tuple(
                    dataclasses.replace(other, **{gene.value: choice}) if everywhere or index == place else other
                    for index, other in enumerate(changes)
                )
                yield Candidate(architecture, with_changes(deployment, others))


def _beside(choices: Sequence[Choice], choice: Choice) -> tuple[Choice, ...]:
    """Returns the choices just below and above `choice`."""
    place = choices.index(choice)
    return (*choices[max(place - 1, 0) : place], *choices[place + 1 : place + 2])


def _other_depths(space: DesignSpace, layers: Pairs) -> Iterator[Pairs]:
    for depth in _beside(space.layers, len(layers)):
        change = abs(depth - len(layers))
        if depth < len(layers):
            yield from (layers[:place] + layers[place + change :] for place in range(depth + 1))
        else:
            # Doubling a run of layers keeps what the architecture is like; runs wrap where it is shorter than they.
            for place in range(len(layers)):
                run = tuple(layers[(place + step) % len(layers)] for step in range(change))
                yield layers[:place] + run + layers[place:]


def _other_layers(space: DesignSpace, layer: Layer) -> Iterator[Layer]:
    for hidden in _beside(space.allowed_hidden, layer.hidden):
        yield fit_layer(space, layer, hidden)
    for number in _beside(space.allowed_heads(layer.hidden), len(layer.heads)):
        yield dataclasses.replace(layer, heads=_resize(layer.heads, number))
    for heads in _other_kinds(space, layer.heads):
        yield dataclasses.replace(layer, heads=heads)
    sizes, stack = space.allowed_feed_forward(layer.hidden), layer.feed_forward
    for place, size in enumerate(stack):
        for other in _beside(sizes, size):
            yield dataclasses.replace(layer, feed_forward=(*stack[:place], other, *stack[place + 1 :]))
    for depth in _beside(space.stacks, len(stack)):
        longer = (*stack, *stack[-1:] * max(depth - len(stack), 0))
        yield dataclasses.replace(layer, feed_forward=longer[:depth])


def _other_kinds(space: DesignSpace, heads: tuple[HeadKind, ...]) -> Iterator[tuple[HeadKind, ...]]:
    if space.homogeneous_heads:
        yield from ((kind,) * len(heads) for kind in space.head_kinds if kind is not heads[0])
        return
    for old in dict.fromkeys(heads):
        place = heads.index(old)
        for kind in space.head_kinds:
            if kind is not old:
                yield (*heads[:place], kind, *heads[place + 1 :])


def _resize(heads: tuple[HeadKind, ...], number: int) -> tuple[HeadKind, ...]:
    """Returns `number` heads in about the proportions of `heads`: evenly spaced picks from the sorted row."""
    return tuple(heads[(2 * place + 1) * len(heads) // (2 * number)] for place in range(number))


def fit_layer(space: DesignSpace, layer: Layer, hidden: int) -> Layer:
    """Returns `layer` with another hidden size; heads and sizes move to the nearest that this size may have."""
    number = min(space.allowed_heads(hidden), key=lambda heads: abs(heads - len(layer.heads)))
    heads = layer.heads if number == len(layer.heads) else _resize(layer.heads, number)
    allowed = space.allowed_feed_forward(hidden)
    stack = tuple(min(allowed, key=lambda size: abs(size - wanted)) for wanted in layer.feed_forward)
    return Layer(hidden, heads, stack)


def _replace(space: DesignSpace, layers: Layers, place: int, new: Layer) -> Layers:
    """Returns `layers` with `new` at `place`; what the space makes uniform follows in the others."""
    others: list[Layer] = []
    for index, layer in enumerate(layers):
        follower = layer
        if Gene.HIDDEN in space.uniform and layer.hidden != new.hidden:
            follower = fit_layer(space, layer, new.hidden)
        if Gene.HEADS in space.uniform:
            follower = dataclasses.replace(follower, heads=new.heads)
        if Gene.FEED_FORWARD in space.uniform:
            follower = dataclasses.replace(follower, feed_forward=new.feed_forward)
        others.append(new if index == place else follower)
    return tuple(others)
