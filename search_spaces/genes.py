"""Genes of many candidates as arrays: what the cost formulas read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate

Array: TypeAlias = Any  # a numpy array or a torch tensor: the formulas use only what both understand
Numbers: TypeAlias = NDArray[np.float64]


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
    architectures = [candidate.architecture for candidate in candidates]
    depth = max((len(a.layers) for a in architectures), default=1)
    stacks = max((len(layer.feed_forward) for a in architectures for layer in a.layers), default=1)
    threads = np.array([candidate.deployment.threads for candidate in candidates], dtype=np.float64)
    return derive_genes(*gene_arrays(architectures, depth, stacks), threads)


def gene_arrays(architectures: Sequence[Architecture], depth: int, stacks: int) -> tuple[Numbers, Numbers, Numbers]:
    """Returns hidden sizes, head counts and feed-forward sizes, float64, with zeros where a layer or size is absent.

    Args:
        architectures: `n`.
        depth: `L`, as many layers as the deepest has, or more.
        stacks: `S`, as many feed-forward sizes as the longest stack has, or more.

    Returns:
        `n x L`, `n x L x 7` and `n x L x S`.
    """
    n = len(architectures)
    hidden = np.zeros((n, depth))
    head_counts = np.zeros((n, depth, len(HEAD_KINDS)))
    feed_forward = np.zeros((n, depth, stacks))
    for row, architecture in enumerate(architectures):
        for place, layer in enumerate(architecture.layers):
            hidden[row, place] = layer.hidden
            head_counts[row, place] = list(layer.head_counts().values())
            feed_forward[row, place, : len(layer.feed_forward)] = layer.feed_forward
    return hidden, head_counts, feed_forward


def derive_genes(hidden: Numbers, head_counts: Numbers, feed_forward: Numbers, threads: Numbers) -> Genes:
    """Returns all genes, float64, from those that say it all: `n x L`, `n x L x 7`, `n x L x S` and `n`."""
    layer_gate = (hidden > 0).astype(np.float64)
    heads = head_counts.sum(-1)
    transition = np.zeros_like(hidden)
    transition[:, :-1] = (hidden[:, 1:] != hidden[:, :-1]) * layer_gate[:, 1:]
    return Genes(
        layer_gate=layer_gate,
        hidden=hidden,
        heads=heads,
        width=hidden // np.maximum(heads, 1.0),
        head_counts=head_counts,
        stack_gate=(feed_forward > 0).astype(np.float64),
        feed_forward=feed_forward,
        transition=transition,
        threads=threads,
    )
