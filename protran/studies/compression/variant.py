"""The ways of deployment that the study compares, by name."""

from __future__ import annotations

from enum import Enum


class Family(str, Enum):
    """What kind of compression a variant is, for pictures."""

    WHOLE = "not compressed"
    INT8 = "int8"
    SPARSE = "weights set to zero"
    PRUNED = "heads and channels removed"
    PRUNED_INT8 = "removed, then int8"
    STUDENT = "small student"
    FRONT = "found by the search"


class Variant(str, Enum):
    """One way in which a trained model is made to run; the value is its name in options and tables."""

    FP32 = "fp32"
    """As trained, in torch: the baseline."""
    ONNX = "onnx"
    """As trained, in onnxruntime."""
    INT8_DYNAMIC = "int8-dynamic"
    INT8_STATIC = "int8-static"
    INT8_DYNAMIC_TENSOR = "int8-dynamic-tensor"
    """With one scale for each weight matrix; the others have one for each output feature."""
    INT8_STATIC_TENSOR = "int8-static-tensor"
    MIXED = "mixed"
    """int8-static, but for the quarter of the layers that lose most by it."""
    SPARSE_L1 = "sparse-l1"
    """Half of all weights set to zero, the smallest of all layers together; shapes stay."""
    SPARSE_L2 = "sparse-l2"
    """Half of the rows of every weight matrix set to zero, those of the smallest L2 norm; shapes stay."""
    PRUNED = "pruned"
    """Half of the heads and feed-forward channels removed, those of the smallest L2 norm."""
    PRUNED_TUNED = "pruned-tuned"
    """The same, then fine-tuned."""
    PRUNED_INT8 = "pruned-int8"
    """The same, fine-tuned, then int8-static."""
    PRUNED_LAYERS = "pruned-layers"
    """Half removed on average: three quarters of the layers that lose least by it, a quarter of those that lose most,
    then fine-tuned."""
    FOUND = "as-found"
    """In the deployment that the search found it in."""

    @property
    def family(self) -> Family:
        """What kind of compression it is."""
        return _FAMILIES.get(self, Family.INT8)


_FAMILIES = {
    Variant.FP32: Family.WHOLE,
    Variant.ONNX: Family.WHOLE,
    Variant.SPARSE_L1: Family.SPARSE,
    Variant.SPARSE_L2: Family.SPARSE,
    Variant.PRUNED: Family.PRUNED,
    Variant.PRUNED_TUNED: Family.PRUNED,
    Variant.PRUNED_LAYERS: Family.PRUNED,
    Variant.PRUNED_INT8: Family.PRUNED_INT8,
    Variant.FOUND: Family.FRONT,
}

WHOLE_STUDY = tuple(variant for variant in Variant if variant is not Variant.FOUND)
"""Of the large models under the study's own recipe."""
OF_CAMPAIGN_RECIPE = (
    Variant.FP32,
    Variant.ONNX,
    Variant.INT8_DYNAMIC,
    Variant.INT8_STATIC,
    Variant.MIXED,
    Variant.SPARSE_L1,
    Variant.SPARSE_L2,
    Variant.PRUNED_TUNED,
    Variant.PRUNED_INT8,
    Variant.PRUNED_LAYERS,
)
"""Of the large models under a campaign's recipe: without what the study's recipe has shown to differ by little."""
OF_STUDENTS = (Variant.FP32, Variant.ONNX, Variant.INT8_STATIC)
