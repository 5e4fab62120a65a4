"""How different two architectures are: a metric, for diversity and for choosing where to transfer weights from.

Architectures are aligned layer by layer, in order: a layer of one is set against a layer of the other, or stands alone.
Their distance is the cost of the cheapest alignment:

    architectures   pairs of layers cost their distance, a layer alone `LAYER_ALONE`
    layers          |log2 hidden ratio| + |log2 ratio of the numbers of heads| + distance of the shares of head kinds
                    + distance of the feed-forward stacks
    shares          half the sum of their absolute differences: the share of heads that are of another kind
    stacks          aligned likewise: pairs of sizes cost |log2 ratio|, a size alone `SIZE_ALONE`

It is a metric because each step is one. An absolute difference of logarithms and a sum of absolute differences of
shares are metrics of these genes, and number and shares together say all about the heads; a sum of metrics of genes is
a metric of layers. With d a metric of the elements and g > 0 the cost of one alone, the cheapest alignment uses no pair
dearer than 2 g, two alone being cheaper; min(d, 2 g), with g to "nothing", is a metric on the elements and "nothing",
and the cheapest alignment under such costs is a metric of sequences.

Source: the last step is Sellers, "On the theory and computation of evolutionary distances", SIAM Journal on Applied
Mathematics 26 (1974). The costs are a choice: one unit is a factor of two in one gene, or all heads of another kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from search_spaces.candidate import Architecture
from search_spaces.genes import Numbers, gene_arrays

LAYER_ALONE = 4.0  # a layer more costs as much as a unit in each of: hidden, number of heads, their kinds, feed-forward
SIZE_ALONE = 2.0  # a feed-forward size more costs as much as one four times as large
BLOCK = 64  # architectures against all others at once: what the alignment holds stays in the processor's cache

Lengths = NDArray[np.intp]


def distance(one: Architecture, other: Architecture) -> float:
    """Returns the distance of two architectures: 0 where they are equal, else positive."""
    return float(pairwise_distances([one], [other])[0, 0])


def pairwise_distances(architectures: Sequence[Architecture], others: Sequence[Architecture] | None = None) -> Numbers:
    """Returns the distances of `n` architectures from `m` others, or from each other; `n x m`, float64."""
    columns = architectures if others is None else others
    everything = _layers_of([*architectures, *columns])
    left, right = everything.part(slice(len(architectures))), everything.part(slice(len(architectures), None))
    result = np.zeros((len(architectures), len(columns)))
    for start in range(0, len(architectures), BLOCK):
        block = slice(start, start + BLOCK)
        result[block] = _block_distances(left.part(block), right)
    return result


@dataclass(frozen=True)
class _Layers:
    """What of `n` architectures of at most `L` layers enters the distance.

    Attributes:
        depth: `n`, layers.
        hidden: `n x L`, log2 of the hidden size.
        heads: `n x L`, log2 of the number of heads.
        shares: `n x L x 7`, share of each kind among the heads.
        stacks: `n x L`, number of the feed-forward stack.
        stack_distances: `s x s`, by the numbers of the stacks.
    """

    depth: Lengths
    hidden: Numbers
    heads: Numbers
    shares: Numbers
    stacks: Lengths
    stack_distances: Numbers

    def part(self, rows: slice) -> _Layers:
        """Returns these architectures alone."""
        per_architecture = ("depth", "hidden", "heads", "shares", "stacks")
        return replace(self, **{name: getattr(self, name)[rows] for name in per_architecture})


def _layers_of(architectures: Sequence[Architecture]) -> _Layers:
    depth = max((len(a.layers) for a in architectures), default=1)
    stacks = max((len(layer.feed_forward) for a in architectures for layer in a.layers), default=1)
    hidden, counts, sizes = gene_arrays(architectures, depth, stacks)
    heads = counts.sum(-1)
    different, number = np.unique(sizes.reshape(-1, stacks), axis=0, return_inverse=True)
    return _Layers(
        depth=np.count_nonzero(hidden, axis=1),
        hidden=_log2(hidden),
        heads=_log2(heads),
        shares=counts / np.maximum(heads, 1.0)[..., None],
        stacks=number.reshape(hidden.shape),
        stack_distances=_stack_distances(different),
    )


def _stack_distances(stacks: Numbers) -> Numbers:
    """Returns the distances of `s` stacks (`s x S`, zeros where a size is absent) from each other, `s x s`."""
    lengths, sizes = np.count_nonzero(stacks, axis=1), _log2(stacks)

    def cost(place: int, other: int) -> Numbers:
        return np.abs(sizes[:, place, None] - sizes[:, other])

    return cheapest_alignments(cost, lengths, lengths, SIZE_ALONE)


def _block_distances(left: _Layers, right: _Layers) -> Numbers:
    def cost(place: int, other: int) -> Numbers:
        hidden = np.abs(left.hidden[:, place, None] - right.hidden[:, other])
        heads = np.abs(left.heads[:, place, None] - right.heads[:, other])
        kinds: Numbers = cdist(left.shares[:, place], right.shares[:, other], "cityblock") / 2.0
        stacks = left.stack_distances[left.stacks[:, place, None], right.stacks[:, other]]
        result: Numbers = hidden + heads + kinds + stacks
        return result

    return cheapest_alignments(cost, left.depth, right.depth, LAYER_ALONE)


def cheapest_alignments(
    pair_cost: Callable[[int, int], Numbers], lengths: Lengths, other_lengths: Lengths, alone: float
) -> Numbers:
    """Returns the costs of the cheapest alignments of `n` sequences with `m` others, `n x m`, by dynamic programming.

    Args:
        pair_cost: gives what it costs to pair the elements at two places (from 0), `n x m`.
        lengths: elements of each sequence, `n`.
        other_lengths: elements of each other sequence, `m`.
        alone: what an element costs that is paired with none.
    """
    shape = (len(lengths), len(other_lengths))
    result = np.zeros(shape)
    steps = range(int(other_lengths.max(initial=0)) + 1)
    above = [np.full(shape, alone * step) for step in steps]
    for place in range(int(lengths.max(initial=0)) + 1):
        here = above if place == 0 else [np.full(shape, alone * place)]
        for other in steps[len(here) :]:
            paired = above[other - 1] + pair_cost(place - 1, other - 1)
            here.append(np.minimum(paired, np.minimum(above[other], here[other - 1]) + alone))
        for other in steps:
            ends = (lengths == place)[:, None] & (other_lengths == other)
            np.copyto(result, here[other], where=ends)
        above = here
    return result


def _log2(values: Numbers) -> Numbers:
    """Returns log2, and 0 where a gene is absent (0)."""
    return np.log2(np.maximum(values, 1.0))
