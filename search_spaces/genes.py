"""Genes of many candidates as arrays: what the cost formulas read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from search_spaces.candidate import HEAD_KINDS, Candidate

Array: TypeAlias = Any  # a numpy array or a torch tensor: the formulas use only what both understand


@dataclass(frozen=True)
class Genes:
    """Genes of `n` candidates of at most `L` layers and `S` feed-forward sizes; numpy arrays or torch tensors.

    Entries of absent layers and sizes are zero. Relaxed genes (see `relaxed.py`) have the same meaning at candidates
    and interpolate between them.

    Attributes:
        layer_gate: `n x L`, 1 where the layer exists; falls from 1 to 0 once.
        hidden: `n x L`, hidden size.
        heads: `n x L`, number of heads.
        width: `n x L`, width of a head.
        head_counts: `n x L x 7`, heads per kind, in the order of `HEAD_KINDS`.
        stack_gate: `n x L x S`, 1 where the feed-forward size exists.
        feed_forward: `n x L x S`, feed-forward size.
        transition: `n x L`, 1 where a projection to another hidden size follows.
        threads: `n`, threads of the deployment.
    """

    layer_gate: Array
    hidden: Array
    heads: Array
    width: Array
    head_counts: Array
    stack_gate: Array
    feed_forward: Array
    transition: Array
    threads: Array


def genes_of(candidates: Sequence[Candidate]) -> Genes:
    """Returns the genes of `candidates` as float64 numpy arrays, as deep and wide as the largest of them."""
    n = len(candidates)
    depth = max((len(c.architecture.layers) for c in candidates), default=1)
    stacks = max((len(layer.feed_forward) for c in candidates for layer in c.architecture.layers), default=1)
    layer_gate, hidden, heads, width, transition = (np.zeros((n, depth)) for _ in range(5))
    head_counts = np.zeros((n, depth, len(HEAD_KINDS)))
    feed_forward = np.zeros((n, depth, stacks))
    for row, candidate in enumerate(candidates):
        layers = candidate.architecture.layers
        layer_gate[row, : len(layers)] = 1.0
        for place, layer in enumerate(layers):
            hidden[row, place] = layer.hidden
            heads[row, place] = len(layer.heads)
            width[row, place] = layer.head_width
            head_counts[row, place] = list(layer.head_counts().values())
            feed_forward[row, place, : len(layer.feed_forward)] = layer.feed_forward
    transition[:, :-1] = (hidden[:, 1:] != hidden[:, :-1]) * layer_gate[:, 1:]
    return Genes(
        layer_gate=layer_gate,
        hidden=hidden,
        heads=heads,
        width=width,
        head_counts=head_counts,
        stack_gate=(feed_forward > 0).astype(np.float64),
        feed_forward=feed_forward,
        transition=transition,
        threads=np.array([candidate.deployment.threads for candidate in candidates], dtype=np.float64),
    )
