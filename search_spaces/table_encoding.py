"""Points of the unit cube for many candidates at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search_spaces.candidate import HEAD_KINDS
from search_spaces.deployment_space import choices_of
from search_spaces.encoding import Encoding, Points
from search_spaces.errors import SpaceError
from search_spaces.gene_table import GeneTable, Rows, Whole
from search_spaces.layer_genes import LAYER_CHANGES


def encode_table(encoding: Encoding, table: GeneTable) -> Points:
    """Returns the points of all rows, `n x d`: those that `Encoding.encode` gives one by one.

    Raises:
        SpaceError: the table is of another space, or a gene is none of the space's choices.
    """
    space, layout = encoding.space, encoding.layout
    if table.space.key != space.key:
        raise SpaceError(f"expected a table of the space {space.name}, got one of {table.space.name}; encode it there")
    points = np.zeros((len(table), encoding.dimension))
    points[:, layout.depth] = _positions(space.layers, table.depth, "layers")
    points[:, layout.deployment] = table.deployments / max(len(space.deployments) - 1, 1)
    if layout.bias is not None:
        points[:, layout.bias] = table.bias / (len(space.bias) - 1)
    kinds = [HEAD_KINDS.index(kind) for kind in space.head_kinds]
    # Layers may share coordinates, and an absent layer has zeros: the first layer, always present, writes last.
    for number, place in reversed(list(enumerate(layout.layers))):
        hidden, counts = table.hidden[:, number], table.head_counts[:, number]
        sizes, heads = table.feed_forward[:, number], counts.sum(axis=1)
        points[:, place.hidden] = _positions(space.hidden, hidden, "hidden")
        points[:, place.heads] = _positions(space.heads, heads, "heads")
        points[:, list(place.kinds)] = counts[:, kinds] / np.maximum(heads, 1)[:, None]
        points[:, place.stacks] = _positions(space.stacks, np.count_nonzero(sizes, axis=1), "stacks")
        points[:, list(place.sizes)] = _positions(space.feed_forward, sizes, "feed_forward")
        for index, (gene, coordinate) in enumerate(zip(LAYER_CHANGES, place.changes, strict=True)):
            if coordinate is not None:
                points[:, coordinate] = table.changes[:, number, index] / (len(choices_of(space, gene)) - 1)
    return points


def _positions(choices: Sequence[int], values: Whole | Rows, name: str) -> Points:
    """Returns where each value lies in [0, 1] among `choices`; 0 for absent genes, which are 0."""
    places = np.searchsorted(choices, values)
    known = np.append(choices, 0)[places] == values
    wrong = values[~known & (values != 0)]
    if wrong.size:
        raise SpaceError(
            f"{name} must be one of {list(choices)}, got {wrong.flat[0]}; make the table with GeneTable.of"
        )
    result: Points = places / max(len(choices) - 1, 1)
    return result
