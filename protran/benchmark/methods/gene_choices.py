"""The genes of a space as whole-number choices, for samplers that know nothing of transformers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protran.tables.measurement_table import Array
from search_spaces.deployment_space import choices_of
from search_spaces.encoding import Encoding
from search_spaces.layer_genes import LAYER_CHANGES
from search_spaces.space import DesignSpace

SHARES = 13
"""Weights of the kinds of heads are no choices; they are seen as so many steps from 0 to 1."""


@dataclass(frozen=True)
class Gene:
    """One choice.

    Attributes:
        name: of its coordinate in the encoding.
        coordinate: its number.
        count: how many choices there are, at 0, 1 / (count - 1), … 1; more than one.
    """

    name: str
    coordinate: int
    count: int


def genes_of_space(space: DesignSpace) -> tuple[Gene, ...]:
    """Returns the genes that leave a choice, in the order of the encoding."""
    encoding = Encoding(space)
    layout, counts = encoding.layout, np.ones(encoding.dimension, dtype=int)
    counts[layout.depth], counts[layout.deployment] = len(space.layers), len(space.deployments)
    if layout.bias is not None:
        counts[layout.bias] = len(space.bias)
    for place in layout.layers:
        counts[place.hidden], counts[place.heads] = len(space.hidden), len(space.heads)
        counts[place.stacks] = len(space.stacks)
        counts[list(place.sizes)] = len(space.feed_forward)
        if len(space.head_kinds) > 1:
            counts[list(place.kinds)] = SHARES
        for gene, coordinate in zip(LAYER_CHANGES, place.changes, strict=True):
            if coordinate is not None:
                counts[coordinate] = len(choices_of(space, gene))
    named = zip(encoding.names, counts.tolist(), strict=True)
    return tuple(Gene(name, coordinate, count) for coordinate, (name, count) in enumerate(named) if count > 1)


def point_of(encoding: Encoding, genes: tuple[Gene, ...], chosen: dict[str, int]) -> Array:
    """Returns the place in the encoding of the valid candidate nearest to the choices, by the name of each gene."""
    point = np.zeros(encoding.dimension)
    for gene in genes:
        point[gene.coordinate] = chosen[gene.name] / (gene.count - 1)
    return encoding.encode(encoding.decode(point))
