"""What structured sparsity leaves of an architecture: shapes follow from the genes, whatever the weights are.

Which heads and channels go is decided by the weights (`models/transforms.py`); how many of which kind, here. The rules
are plain arithmetic, so that numpy arrays and torch tensors pass through them alike.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer
from search_spaces.deployment import LayerDeployment

Array: TypeAlias = Any  # a numpy array or a torch tensor


def kept(number: Array, sparsity: Array) -> Array:
    """Returns how many of `number` things stay (any shape): at least 1 of those that are there, halves rounded up."""
    return ((number * (1.0 - sparsity) + 0.5) // 1).clip(min=number.clip(max=1))


def kept_heads(head_counts: Array, sparsity: Array) -> Array:
    """Returns how many heads of each kind stay, `… x 7`.

    The kinds share what stays in proportion to their numbers, by largest remainder; ties go to the earlier kind.

    Args:
        head_counts: `… x 7`, whole numbers.
        sparsity: `…`, share of the heads that goes.
    """
    total = head_counts.sum(-1)
    stay = kept(total, sparsity)
    parts, whole_of = head_counts * stay[..., None], total.clip(min=1)[..., None]
    counts, remainder = parts // whole_of, parts % whole_of
    places = range(len(HEAD_KINDS))
    # A kind gets one more where fewer kinds go before it than heads are left to give.
    before = [
        sum(((remainder[..., other] > remainder[..., place]) * 1.0 for other in places), start=0.0 * stay)
        + sum(((remainder[..., other] == remainder[..., place]) * 1.0 for other in range(place)), start=0.0 * stay)
        for place in places
    ]
    left = stay - counts.sum(-1)
    for place in places:
        counts[..., place] += (before[place] < left) * 1.0
    return counts


def deployed_architecture(candidate: Candidate) -> Architecture:
    """Returns the architecture that runs: without the heads and channels that the deployment removes.

    Heads keep their width. Where nothing is removed it is the candidate's architecture itself.
    """
    changes = candidate.deployment.layers
    if not changes:
        return candidate.architecture
    layers = zip(candidate.architecture.layers, changes, strict=True)
    return dataclasses.replace(candidate.architecture, layers=tuple(_pruned(layer, change) for layer, change in layers))


def without_idle_sparsity(candidate: Candidate) -> Candidate:
    """Returns the candidate whose shares are 0 where they remove nothing, as half of a single head does."""
    changes = candidate.deployment.layers
    if not changes:
        return candidate
    busy = []
    for layer, change, left in zip(
        candidate.architecture.layers, changes, deployed_architecture(candidate).layers, strict=True
    ):
        heads = change.head_sparsity if left.heads != layer.heads else 0.0
        channels = change.feed_forward_sparsity if left.feed_forward != layer.feed_forward else 0.0
        busy.append(LayerDeployment(heads, channels, change.keep_fp32))
    return Candidate(candidate.architecture, dataclasses.replace(candidate.deployment, layers=tuple(busy)))


def _pruned(layer: Layer, change: LayerDeployment) -> Layer:
    import numpy as np  # noqa: PLC0415 - this module is read at the start of every command, numpy need not be

    counts = kept_heads(np.array(list(layer.head_counts().values()), dtype=float), np.array(change.head_sparsity))
    heads = tuple(kind for kind, number in zip(HEAD_KINDS, counts, strict=True) for _ in range(int(number)))
    sizes = kept(np.array(layer.feed_forward, dtype=float), change.feed_forward_sparsity)
    return Layer(layer.hidden, heads, tuple(int(size) for size in sizes), layer.head_width)
