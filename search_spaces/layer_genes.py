"""The genes that every layer has, by name."""

from __future__ import annotations

from enum import Enum


class Gene(str, Enum):
    """What a space may demand to be equal in all layers; each is the name of a field of the space."""

    HIDDEN = "hidden"
    HEADS = "heads"  # the whole multiset: number and kinds
    FEED_FORWARD = "feed_forward"  # the whole stack: depth and sizes
    HEAD_SPARSITY = "head_sparsity"
    FEED_FORWARD_SPARSITY = "feed_forward_sparsity"
    KEEP_FP32 = "keep_fp32"


LAYER_CHANGES = (Gene.HEAD_SPARSITY, Gene.FEED_FORWARD_SPARSITY, Gene.KEEP_FP32)
"""What becomes of a layer when the model is deployed; each is the name of a field of `LayerDeployment` too."""
