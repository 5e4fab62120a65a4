"""What a candidate costs, counted: exactly for candidates, differentiably for relaxed genes. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, fields

from search_spaces import arithmetic, quantised, traffic
from search_spaces.candidate import Candidate
from search_spaces.errors import SpaceError
from search_spaces.genes import Array, Genes, genes_of
from search_spaces.input_spec import InputSpec


@dataclass(frozen=True)
class Cost:
    """Counts of `n` candidates for one input spec; each field `n` (a plain int from `count_candidate`).

    All but `parameters`, `weight_bytes`, `depth` and `heads` belong to a forward pass of one sequence of full length.

    Attributes:
        parameters: trained parameters, as torch counts them.
        macs_attention_projection: of query, key, value and output projections (and q W of weighted heads).
        macs_attention_mixing: of the length x length products of attention heads.
        macs_fourier: of Fourier and cosine heads.
        macs_convolution: of dynamic convolution heads.
        macs_feed_forward: of feed-forward stacks and of projections between layers of different hidden size.
        macs_embedding: of the patch convolution (looking up tokens multiplies nothing).
        macs_head: of pooler and classifier.
        macs: all of them.
        bytes_moved: read and written by all operators, in fp32.
        activation_bytes: activations alive at once at the worst moment; in fp32 for int8 too, which is what stays alive
            between its products.
        weight_bytes: parameters and the constant matrices of Fourier and cosine heads; those stored in int8 with their
            scales, but without the few scales of activations and of the classifier's bias in int8-static.
        launches: operators launched.
        depth: layers.
        heads: attention heads of all layers.
    """

    parameters: Array
    macs_attention_projection: Array
    macs_attention_mixing: Array
    macs_fourier: Array
    macs_convolution: Array
    macs_feed_forward: Array
    macs_embedding: Array
    macs_head: Array
    macs: Array
    bytes_moved: Array
    activation_bytes: Array
    weight_bytes: Array
    launches: Array
    depth: Array
    heads: Array


def count(genes: Genes, input_spec: InputSpec) -> Cost:
    """Returns the cost of every candidate in `genes`: numpy arrays for numpy genes, tensors for tensors."""
    macs = arithmetic.macs(genes, input_spec)
    parts = [getattr(macs, field.name) for field in fields(macs)]
    parameters = arithmetic.parameters(genes, input_spec)
    weights = parameters + traffic.constants(genes, input_spec)
    size = 1 - genes.half / 2  # of a number, over that of fp32
    return Cost(
        parameters=parameters,
        macs_attention_projection=macs.attention_projection,
        macs_attention_mixing=macs.attention_mixing,
        macs_fourier=macs.fourier,
        macs_convolution=macs.convolution,
        macs_feed_forward=macs.feed_forward,
        macs_embedding=macs.embedding,
        macs_head=macs.head,
        macs=sum(parts),
        bytes_moved=traffic.bytes_moved(genes, input_spec),
        activation_bytes=size * traffic.activation_bytes(genes, input_spec),
        weight_bytes=size * traffic.BYTES * weights - quantised.saved_bytes(genes, input_spec),
        launches=traffic.launches(genes, input_spec),
        depth=genes.layer_gate.sum(-1),
        heads=(genes.layer_gate * genes.heads).sum(-1),
    )


def count_candidate(candidate: Candidate, input_spec: InputSpec) -> Cost:
    """Returns the cost of one candidate; every field is an int.

    Raises:
        SpaceError: the input spec is not one that the candidate's family reads.
    """
    input_spec.check_family(candidate.architecture.family)
    cost = count(genes_of([candidate]), input_spec)
    return Cost(**{field.name: round(float(getattr(cost, field.name)[0])) for field in fields(cost)})


def memory_bytes(cost: Cost, batch_size: int) -> Array:
    """Returns weights plus peak activations of an inference on `batch_size` sequences: the memory objective.

    Raises:
        SpaceError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise SpaceError(f"batch_size must be at least 1, got {batch_size}")
    return cost.weight_bytes + batch_size * cost.activation_bytes
