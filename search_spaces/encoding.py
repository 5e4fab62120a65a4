"""Candidates as points of the unit cube, and back: every point of the cube decodes to a valid candidate.

A point is ``[depth] + layers + [deployment]``; each layer is ``[hidden, heads, kind weights…, stacks, sizes…]``. A gene
with n choices puts choice i at i / (n - 1). The kinds of a layer's heads are weights: their proportions give how many
heads each kind gets. Genes that the space makes uniform share one set of coordinates. What becomes of a layer when it
is deployed, and the biases of decoders, have coordinates only where the space leaves a choice.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import LayerDeployment
from search_spaces.deployment_space import choices_of, layer_changes, with_changes
from search_spaces.errors import SpaceError
from search_spaces.layer_genes import LAYER_CHANGES, Gene
from search_spaces.space import DesignSpace

Points = NDArray[np.float64]
Choice = TypeVar("Choice")
FAINT = 1e-9  # kind weights that add up to less say nothing: all kinds count the same


@dataclass(frozen=True)
class LayerCoordinates:
    """Which coordinates hold the genes of one layer.

    Attributes:
        hidden: coordinate of the hidden size.
        heads: coordinate of the number of heads.
        kinds: coordinates of the kind weights, in the order of the space's kinds.
        stacks: coordinate of the depth of the feed-forward stack.
        sizes: coordinates of the feed-forward sizes.
        changes: coordinates of the genes of `LAYER_CHANGES`, in that order; None for one that has a single choice.
    """

    hidden: int
    heads: int
    kinds: tuple[int, ...]
    stacks: int
    sizes: tuple[int, ...]
    changes: tuple[int | None, ...]


@dataclass(frozen=True)
class EncodingLayout:
    """Which coordinate of a point is which gene.

    Attributes:
        names: a name per coordinate, such as ``layer2.kind.sa_sdp``.
        depth: coordinate of the number of layers.
        layers: coordinates of each layer up to the deepest.
        deployment: coordinate of the deployment.
        bias: coordinate of the biases; None where they are no choice.
    """

    names: tuple[str, ...]
    depth: int
    layers: tuple[LayerCoordinates, ...]
    deployment: int
    bias: int | None


def encoding_layout(space: DesignSpace) -> EncodingLayout:
    """Returns the layout of points of `space`."""
    names = ["depth"]

    def new(name: str) -> int:
        names.append(name)
        return len(names) - 1

    layers: list[LayerCoordinates] = []
    for number in range(1, max(space.layers) + 1):
        shared = layers[0] if layers else None
        same_hidden, same_heads, same_stack = (
            shared if shared is not None and gene in space.uniform else None
            for gene in (Gene.HIDDEN, Gene.HEADS, Gene.FEED_FORWARD)
        )
        place = f"layer{number}"
        hidden = same_hidden.hidden if same_hidden else new(f"{place}.hidden")
        heads = same_heads.heads if same_heads else new(f"{place}.heads")
        kinds = same_heads.kinds if same_heads else tuple(new(f"{place}.kind.{k.value}") for k in space.head_kinds)
        stacks = same_stack.stacks if same_stack else new(f"{place}.stacks")
        steps = range(1, max(space.stacks) + 1)
        sizes = same_stack.sizes if same_stack else tuple(new(f"{place}.size{step}") for step in steps)
        changes: list[int | None] = []
        for index, gene in enumerate(LAYER_CHANGES):
            if shared is not None and gene in space.uniform:
                changes.append(shared.changes[index])
            else:
                changes.append(new(f"{place}.{gene.value}") if len(choices_of(space, gene)) > 1 else None)
        layers.append(LayerCoordinates(hidden, heads, kinds, stacks, sizes, tuple(changes)))
    deployment = new("deployment")
    bias = new("bias") if len(space.bias) > 1 else None
    return EncodingLayout(tuple(names), 0, tuple(layers), deployment, bias)


class Encoding:
    """Points in the unit cube for the candidates of one space.

    Attributes:
        space: the space.
        layout: which coordinate is which gene.
    """

    def __init__(self, space: DesignSpace) -> None:
        self.space = space
        self.layout = encoding_layout(space)
        self._hidden = {choice: position(space.hidden, choice) for choice in space.hidden}
        self._heads = {choice: position(space.heads, choice) for choice in space.heads}
        self._sizes = {choice: position(space.feed_forward, choice) for choice in space.feed_forward}

    @property
    def dimension(self) -> int:
        """Number of coordinates of a point."""
        return len(self.layout.names)

    @property
    def names(self) -> tuple[str, ...]:
        """A name per coordinate."""
        return self.layout.names

    def encode(self, candidate: Candidate) -> Points:
        """Returns the point of `candidate`, `d` in the unit cube; genes of absent layers and sizes are 0.

        Raises:
            SpaceError: the candidate is not in the space.
        """
        reason = self.space.why_not(candidate)
        if reason:
            raise SpaceError(f"the candidate is not in the space {self.space.name}: {reason}")
        space, layout = self.space, self.layout
        point = np.zeros(self.dimension)
        layers = candidate.architecture.layers
        point[layout.depth] = position(space.layers, len(layers))
        point[layout.deployment] = position(space.deployments, candidate.deployment.whole)
        if layout.bias is not None:
            point[layout.bias] = position(space.bias, candidate.architecture.bias)
        for change, place in zip(layer_changes(candidate), layout.layers, strict=False):
            for gene, coordinate in zip(LAYER_CHANGES, place.changes, strict=True):
                if coordinate is not None:
                    point[coordinate] = position(choices_of(space, gene), getattr(change, gene.value))
        for layer, place in zip(layers, layout.layers, strict=False):
            point[place.hidden] = self._hidden[layer.hidden]
            point[place.heads] = self._heads[len(layer.heads)]
            counts = layer.head_counts()
            point[list(place.kinds)] = [counts[kind] / len(layer.heads) for kind in space.head_kinds]
            point[place.stacks] = position(space.stacks, len(layer.feed_forward))
            for coordinate, size in zip(place.sizes, layer.feed_forward, strict=False):
                point[coordinate] = self._sizes[size]
        return point

    def decode(self, point: Points | Sequence[float]) -> Candidate:
        """Returns the candidate at `point`, `d` numbers: each gene takes the nearest choice that it may have.

        Numbers outside [0, 1] are clipped to it and NaN counts as 0, so that any `d` numbers decode.

        Raises:
            SpaceError: `point` does not have `d` numbers.
        """
        array = np.asarray(point, dtype=np.float64)
        if array.shape != (self.dimension,):
            raise SpaceError(f"expected a point of {self.dimension} coordinates, got shape {array.shape}")
        values: list[float] = np.clip(np.nan_to_num(array, nan=0.0), 0.0, 1.0).tolist()
        space, layout = self.space, self.layout
        depth = nearest(space.layers, values[layout.depth])
        layers = tuple(self._layer(values, place) for place in layout.layers[:depth])
        bias = space.bias[0] if layout.bias is None else nearest(space.bias, values[layout.bias])
        changes = tuple(self._change(values, place) for place in layout.layers[:depth])
        return Candidate(
            Architecture(layers, space.family, bias),
            with_changes(nearest(space.deployments, values[layout.deployment]), changes),
        )

    def _change(self, values: list[float], place: LayerCoordinates) -> LayerDeployment:
        genes = {}
        for gene, coordinate in zip(LAYER_CHANGES, place.changes, strict=True):
            choices = choices_of(self.space, gene)
            genes[gene.value] = choices[0] if coordinate is None else nearest(choices, values[coordinate])
        return LayerDeployment(**genes)

    def _layer(self, values: list[float], place: LayerCoordinates) -> Layer:
        space = self.space
        hidden = _nearest_allowed(self._hidden, space.allowed_hidden, values[place.hidden])
        count = _nearest_allowed(self._heads, space.allowed_heads(hidden), values[place.heads])
        heads = share_heads(space, count, [values[coordinate] for coordinate in place.kinds])
        stacks = nearest(space.stacks, values[place.stacks])
        allowed = space.allowed_feed_forward(hidden)
        sizes = tuple(_nearest_allowed(self._sizes, allowed, values[coordinate]) for coordinate in place.sizes[:stacks])
        return Layer(hidden, heads, sizes)

    def encode_many(self, candidates: Sequence[Candidate]) -> Points:
        """Returns the points of `candidates`, `n x d`. Raises `SpaceError` where one is not in the space."""
        return np.array([self.encode(candidate) for candidate in candidates]).reshape(len(candidates), self.dimension)

    def decode_many(self, points: Points) -> list[Candidate]:
        """Returns the candidates at `points`, `n x d`."""
        return [self.decode(point) for point in points]


def position(choices: Sequence[object], choice: object) -> float:
    """Returns where `choice` lies in [0, 1] among `choices`: the i-th of n at i / (n - 1), a single one at 0."""
    return choices.index(choice) / max(len(choices) - 1, 1)


def nearest(choices: Sequence[Choice], value: float) -> Choice:
    """Returns the choice whose position is nearest to `value` in [0, 1]; halfway, the lower one."""
    return choices[math.ceil(value * (len(choices) - 1) - 0.5)]


def _nearest_allowed(positions: dict[int, float], allowed: Sequence[int], value: float) -> int:
    return min(allowed, key=lambda choice: abs(positions[choice] - value))


def share_heads(space: DesignSpace, count: int, weights: Sequence[float]) -> tuple[HeadKind, ...]:
    """Returns `count` heads, shared among the space's kinds in proportion to `weights` by largest remainder.

    In a space of homogeneous heads all go to the kind of the largest weight. Ties go to the earlier kind.
    """
    kinds = space.head_kinds
    total = functools.reduce(operator.add, weights, 0.0)  # sum() rounds otherwise from Python 3.12 on
    if total < FAINT:
        weights, total = [1.0] * len(kinds), float(len(kinds))
    if space.homogeneous_heads:
        return (kinds[max(range(len(kinds)), key=weights.__getitem__)],) * count
    quotas = [count * weight / total for weight in weights]
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(kinds)), key=lambda index: counts[index] - quotas[index])
    for index in by_remainder[: count - sum(counts)]:
        counts[index] += 1
    return tuple(kind for kind, number in zip(kinds, counts, strict=True) for _ in range(number))
