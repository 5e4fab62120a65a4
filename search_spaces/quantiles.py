"""Candidates at points of a cube of quantiles: each gene is uniform over what it may be, given the genes before it.

Coordinates are those of the encoding, but here they are quantiles: a gene takes the choice in whose equal share of
[0, 1] its coordinate lies. Kinds of heads come from a sparse Dirichlet distribution, so that layers of one kind and
layers of many kinds are both common: uniform weights would make almost every layer a mixture of everything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from search_spaces.candidate import HEAD_KINDS
from search_spaces.deployment_space import choices_of
from search_spaces.encoding import FAINT, Points, encoding_layout
from search_spaces.gene_table import GeneTable, Places, Rows, Whole
from search_spaces.layer_genes import LAYER_CHANGES, Gene
from search_spaces.space import DesignSpace

SPARSITY = 0.15  # the Dirichlet's concentration per kind: below 1, few kinds take most of the weight

Present = NDArray[np.bool_]


def table_at(space: DesignSpace, quantiles: Points) -> GeneTable:
    """Returns the candidates at `quantiles`, `n x d` in the unit cube, one row each; they may repeat."""
    layout, sizes = encoding_layout(space), space.allowed_hidden
    depth = np.array(space.layers)[_choice(quantiles[:, layout.depth], len(space.layers))]
    present = np.arange(len(layout.layers)) < depth[:, None]  # (n, L)
    chosen = _choice(quantiles[:, [place.hidden for place in layout.layers]], len(sizes))
    heads = _among([space.allowed_heads(h) for h in sizes], chosen, quantiles[:, [p.heads for p in layout.layers]])
    kinds = quantiles[:, [place.kinds for place in layout.layers]]  # (n, L, K)
    counts = np.zeros((*present.shape, len(HEAD_KINDS)), dtype=np.int32)
    columns = [HEAD_KINDS.index(kind) for kind in space.head_kinds]
    shared = np.zeros(kinds.shape, dtype=np.int32)
    # A Dirichlet draw is gamma draws over their sum; share_heads divides by the sum.
    shared[present] = share_heads(space, heads[present], gammaincinv(SPARSITY, kinds[present]))
    counts[..., columns] = shared
    deployments = _choice(quantiles[:, layout.deployment], len(space.deployments))
    bias = np.zeros(len(quantiles)) if layout.bias is None else quantiles[:, layout.bias]
    return GeneTable(
        space=space,
        hidden=np.array(sizes, dtype=np.int32)[chosen] * present,
        head_counts=counts,
        feed_forward=_stacks(space, chosen, present, quantiles),
        deployments=deployments.astype(np.int32),
        changes=_changes(space, deployments, present, quantiles),
        bias=_choice(bias, len(space.bias)).astype(np.int8),
    )


def _changes(space: DesignSpace, deployments: Rows, present: Present, quantiles: Points) -> Places:
    """Returns what becomes of each layer, `n x L x 3`."""
    places = encoding_layout(space).layers
    changes = np.zeros((*present.shape, len(LAYER_CHANGES)), dtype=np.int8)
    int8 = np.array([deployment.precision.is_int8 for deployment in space.deployments])[deployments]
    for index, gene in enumerate(LAYER_CHANGES):
        coordinates = [c for c in (place.changes[index] for place in places) if c is not None]
        if coordinates:
            there = present & int8[:, None] if gene is Gene.KEEP_FP32 else present
            changes[..., index] = _choice(quantiles[:, coordinates], len(choices_of(space, gene))) * there
    return changes


def _stacks(space: DesignSpace, chosen: Rows, present: Present, quantiles: Points) -> Whole:
    """Returns the feed-forward sizes, `n x L x S`."""
    places = encoding_layout(space).layers
    stacks = np.array(space.stacks)[_choice(quantiles[:, [place.stacks for place in places]], len(space.stacks))]
    allowed = [space.allowed_feed_forward(hidden) for hidden in space.allowed_hidden]
    sizes = _among(allowed, chosen[..., None], quantiles[:, [place.sizes for place in places]])
    there = present[..., None] & (np.arange(max(space.stacks)) < stacks[..., None])
    result: Whole = sizes * there
    return result


def _choice(quantiles: Points, choices: Rows | int) -> Rows:
    """Returns which of so many choices lies at each quantile, from 0."""
    return np.minimum((quantiles * choices).astype(np.intp), choices - 1)


def _among(allowed: Sequence[Sequence[int]], chosen: Rows, quantiles: Points) -> Whole:
    """Returns the choice at each quantile among those that the hidden size number `chosen` allows."""
    lengths = np.array([len(choices) for choices in allowed])
    padded = np.zeros((len(allowed), lengths.max()), dtype=np.int32)
    for row, choices in zip(padded, allowed, strict=True):
        row[: len(choices)] = choices
    return padded[chosen, _choice(quantiles, lengths[chosen])]


def share_heads(space: DesignSpace, heads: Whole, weights: Points) -> Whole:
    """Returns how many of `heads` (`m`) each kind of the space gets, `m x K`, in proportion to `weights` (`m x K`).

    The same rule as `encoding.share_heads`, to the last bit of every quota, which decides the ties.
    """
    weights = np.where(_total(weights)[:, None] < FAINT, 1.0, weights)
    if space.homogeneous_heads:
        heaviest = np.arange(weights.shape[1]) == weights.argmax(axis=1)[:, None]
        return np.where(heaviest, heads[:, None], 0)
    quotas = heads[:, None] * weights / _total(weights)[:, None]
    counts = quotas.astype(np.int32)
    rank = np.argsort(np.argsort(counts - quotas, axis=1, kind="stable"), axis=1)
    result: Whole = counts + (rank < (heads - counts.sum(axis=1))[:, None])
    return result


def _total(weights: Points) -> Points:
    """Returns the sums of the rows, added from left to right: another order may end in another last bit."""
    total = np.zeros(len(weights))
    for column in weights.T:
        total = total + column
    return total
