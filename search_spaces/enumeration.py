"""Every candidate of a space by its number: exact uniform draws from spaces of any size."""

from __future__ import annotations

import math

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment_space import deployments_at, nth_deployment
from search_spaces.errors import SpaceError
from search_spaces.space import DesignSpace, Gene

Heads = tuple[HeadKind, ...]
Stack = tuple[int, ...]


def nth_candidate(space: DesignSpace, index: int) -> Candidate:
    """Returns candidate number `index` of `space`, from 0; different numbers give different candidates.

    Raises:
        SpaceError: `index` is not below the size of the space.
    """
    if not 0 <= index < space.size:
        raise SpaceError(f"expected an index from 0 to {space.size - 1}, got {index}")
    for depth in space.layers:
        number = space.size_at(depth) * deployments_at(space, depth)
        if index < number:
            break
        index -= number
    index, deployment = divmod(index, deployments_at(space, depth))
    index, bias = divmod(index, len(space.bias))
    layers = _uniform_layers(space, depth, index) if Gene.HIDDEN in space.uniform else _layers(space, depth, index)
    return Candidate(Architecture(layers, space.family, space.bias[bias]), nth_deployment(space, depth, deployment))


def _layers(space: DesignSpace, depth: int, index: int) -> tuple[Layer, ...]:
    each = sum(space.head_choices(h) * space.stack_choices(h) for h in space.allowed_hidden)
    layers = []
    for _ in range(depth):
        index, here = divmod(index, each)
        for hidden in space.allowed_hidden:
            number = space.head_choices(hidden) * space.stack_choices(hidden)
            if here < number:
                break
            here -= number
        heads, stack = divmod(here, space.stack_choices(hidden))
        layers.append(Layer(hidden, _nth_heads(space, hidden, heads), _nth_stack(space, hidden, stack)))
    return tuple(layers)


def _uniform_layers(space: DesignSpace, depth: int, index: int) -> tuple[Layer, ...]:
    """Returns layers that share their hidden size, and their heads or stacks where the space says so."""
    heads_drawn = 1 if Gene.HEADS in space.uniform else depth
    stacks_drawn = 1 if Gene.FEED_FORWARD in space.uniform else depth
    for hidden in space.allowed_hidden:
        number = space.head_choices(hidden) ** heads_drawn * space.stack_choices(hidden) ** stacks_drawn
        if index < number:
            break
        index -= number
    heads: list[Heads] = []
    for _ in range(heads_drawn):
        index, here = divmod(index, space.head_choices(hidden))
        heads.append(_nth_heads(space, hidden, here))
    stacks: list[Stack] = []
    for _ in range(stacks_drawn):
        index, here = divmod(index, space.stack_choices(hidden))
        stacks.append(_nth_stack(space, hidden, here))
    return tuple(Layer(hidden, heads[i % heads_drawn], stacks[i % stacks_drawn]) for i in range(depth))


def _nth_heads(space: DesignSpace, hidden: int, index: int) -> Heads:
    kinds = space.head_kinds
    if space.homogeneous_heads:
        number, kind = divmod(index, len(kinds))
        return (kinds[kind],) * space.allowed_heads(hidden)[number]
    for heads in space.allowed_heads(hidden):
        number = _multisets(heads, len(kinds))
        if index < number:
            break
        index -= number
    return _nth_multiset(kinds, heads, index)


def _nth_multiset(kinds: Heads, heads: int, index: int) -> Heads:
    """Returns multiset number `index` of `heads` kinds: those with most of the first kind come first."""
    chosen: list[HeadKind] = []
    for place, kind in enumerate(kinds[:-1]):
        for count in range(heads, -1, -1):
            number = _multisets(heads - count, len(kinds) - place - 1)
            if index < number:
                break
            index -= number
        chosen += [kind] * count
        heads -= count
    return (*chosen, *kinds[-1:] * heads)


def _multisets(heads: int, kinds: int) -> int:
    return math.comb(heads + kinds - 1, heads)


def _nth_stack(space: DesignSpace, hidden: int, index: int) -> Stack:
    sizes = space.allowed_feed_forward(hidden)
    for depth in space.stacks:
        if index < len(sizes) ** depth:
            break
        index -= len(sizes) ** depth
    stack = []
    for _ in range(depth):
        index, size = divmod(index, len(sizes))
        stack.append(sizes[size])
    return tuple(stack)
