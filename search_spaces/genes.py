"""Genes of many candidates as arrays: what the cost formulas read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.pruning import deployed_architecture

Array: TypeAlias = Any  # a numpy array or a torch tensor: the formulas use only what both understand
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Genes:
    """Genes of `n` candidates of at most `L` layers and `S` feed-forward sizes; numpy arrays or torch tensors.

    They are those of the model that runs: heads and channels that the deployment removes are gone. Entries of absent
    layers and sizes are zero. Relaxed genes (see `relaxed.py`) have the same meaning at candidates and interpolate
    between them.

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
        bias: `n`, 1 where linear layers and norms have biases.
        onnxruntime: `n`, 1 where onnxruntime executes the model.
        half: `n`, 1 where the deployment is bf16 or fp16.
        int8: `n`, 1 where the deployment is int8.
        int8_static: `n`, 1 where it is int8 with ranges known from calibration.
        int8_layers: `n x L`, 1 where the layer is computed in int8.
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
    bias: Array
    onnxruntime: Array
    half: Array
    int8: Array
    int8_static: Array
    int8_layers: Array


def genes_of(candidates: Sequence[Candidate]) -> Genes:
    """Returns the genes of `candidates` as float64 numpy arrays, as deep and wide as the largest of them."""
    architectures = [deployed_architecture(candidate) for candidate in candidates]
    deployments = [candidate.deployment for candidate in candidates]
    depth = max((len(a.layers) for a in architectures), default=1)
    stacks = max((len(layer.feed_forward) for a in architectures for layer in a.layers), default=1)
    layers_int8 = np.ones((len(candidates), depth))
    widths = np.zeros((len(candidates), depth))
    for row, (architecture, deployment) in enumerate(zip(architectures, deployments, strict=True)):
        widths[row, : len(architecture.layers)] = [layer.head_width for layer in architecture.layers]
        layers_int8[row, : len(deployment.layers)] *= [not layer.keep_fp32 for layer in deployment.layers]
    return derive_genes(
        *gene_arrays(architectures, depth, stacks),
        widths,
        WholeGenes(np.array([a.bias for a in architectures], dtype=np.float64), deployment_genes(deployments)),
        layers_int8,
    )


def deployment_genes(deployments: Sequence[Deployment]) -> dict[str, Numbers]:
    """Returns the genes, `n` each, that say how whole models run: threads, onnxruntime, half, int8, int8_static."""
    genes = {
        "threads": [deployment.threads for deployment in deployments],
        "onnxruntime": [deployment.runtime is Runtime.ONNXRUNTIME for deployment in deployments],
        "half": [deployment.precision in (Precision.BF16, Precision.FP16) for deployment in deployments],
        "int8": [deployment.precision.is_int8 for deployment in deployments],
        "int8_static": [deployment.precision is Precision.INT8_STATIC for deployment in deployments],
    }
    return {name: np.array(values, dtype=np.float64) for name, values in genes.items()}


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


@dataclass(frozen=True)
class WholeGenes:
    """Genes that belong to no layer, float64; see `Genes`.

    Attributes:
        bias: `n`.
        deployment: those of `deployment_genes`, `n` each.
    """

    bias: Numbers
    deployment: dict[str, Numbers]


def derive_genes(
    hidden: Numbers,
    head_counts: Numbers,
    feed_forward: Numbers,
    width: Numbers,
    whole: WholeGenes,
    int8_layers: Numbers,
) -> Genes:
    """Returns all genes, float64, from those that say it all.

    Args:
        hidden: `n x L`.
        head_counts: `n x L x 7`.
        feed_forward: `n x L x S`.
        width: `n x L`.
        whole: genes that belong to no layer.
        int8_layers: `n x L`, 1 where a layer is computed in int8 if the model is.
    """
    layer_gate = (hidden > 0).astype(np.float64)
    transition = np.zeros_like(hidden)
    transition[:, :-1] = (hidden[:, 1:] != hidden[:, :-1]) * layer_gate[:, 1:]
    return Genes(
        layer_gate=layer_gate,
        hidden=hidden,
        heads=head_counts.sum(-1),
        width=width,
        head_counts=head_counts,
        stack_gate=(feed_forward > 0).astype(np.float64),
        feed_forward=feed_forward,
        transition=transition,
        bias=whole.bias,
        int8_layers=int8_layers * whole.deployment["int8"][:, None] * layer_gate,
        **whole.deployment,
    )
