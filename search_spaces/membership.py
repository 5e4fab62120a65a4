"""Whether a candidate is in a design space, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.candidate import Candidate, Layer
from search_spaces.deployment_space import why_not_deployment
from search_spaces.layer_genes import Gene

if TYPE_CHECKING:
    from search_spaces.space import DesignSpace


def why_not(space: DesignSpace, candidate: Candidate) -> str | None:
    """Returns one sentence on why `candidate` is not in the space; None where it is."""
    layers = candidate.architecture.layers
    if candidate.architecture.family is not space.family:
        return f"family must be {space.family.value}, got {candidate.architecture.family.value}"
    if candidate.architecture.bias not in space.bias:
        return f"bias must be one of {list(space.bias)}, got {candidate.architecture.bias}"
    if len(layers) not in space.layers:
        return f"the number of layers must be one of {list(space.layers)}, got {len(layers)}"
    for number, layer in enumerate(layers, start=1):
        reason = _why_not_heads(space, layer) or _why_not_stack(space, layer)
        if reason:
            return f"layer {number}: {reason}"
    parts: dict[Gene, set[Any]] = {
        Gene.HIDDEN: {layer.hidden for layer in layers},
        Gene.HEADS: {layer.heads for layer in layers},
        Gene.FEED_FORWARD: {layer.feed_forward for layer in layers},
    }
    for gene in sorted(space.uniform):
        if gene in parts and len(parts[gene]) > 1:
            return f"{gene.value} must be equal in all layers"
    return why_not_deployment(space, candidate)


def _why_not_heads(space: DesignSpace, layer: Layer) -> str | None:
    allowed = space.allowed_heads(layer.hidden)
    if layer.width is not None:
        return f"the width of a head must be hidden // heads, got {layer.width}"
    if not allowed:
        return f"hidden must be one of {list(space.allowed_hidden)}, got {layer.hidden}"
    if len(layer.heads) not in allowed:
        return f"heads must number one of {list(allowed)} where hidden is {layer.hidden}, got {len(layer.heads)}"
    unknown = [kind.value for kind in layer.heads if kind not in space.head_kinds]
    if unknown:
        return f"heads must be of kinds {[kind.value for kind in space.head_kinds]}, got {unknown[0]}"
    if space.homogeneous_heads and len(set(layer.heads)) > 1:
        return f"all heads must be of one kind, got {sorted({kind.value for kind in layer.heads})}"
    return None


def _why_not_stack(space: DesignSpace, layer: Layer) -> str | None:
    allowed = space.allowed_feed_forward(layer.hidden)
    if len(layer.feed_forward) not in space.stacks:
        return f"the feed-forward stack must have one of {list(space.stacks)} sizes, got {len(layer.feed_forward)}"
    wrong = [size for size in layer.feed_forward if size not in allowed]
    if wrong:
        return f"feed_forward must be among {list(allowed)} where hidden is {layer.hidden}, got {wrong[0]}"
    return None
