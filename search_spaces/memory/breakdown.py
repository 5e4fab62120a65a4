"""Breakdowns of memory: what takes it, in which layer and in which part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Part(str, Enum):
    """A part of the model, or of a training step."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"
    NORM = "norm"
    FEED_FORWARD = "feed-forward"
    TRANSITION = "transition"
    CLASSIFIER = "classifier"
    OUTPUT = "output"  # of a decoder, over the vocabulary; its weights are the embedding's
    CONSTANTS = "constants"  # the matrices of Fourier and cosine heads
    LOSS = "loss"
    OPTIMIZER = "optimizer"


class Kept(str, Enum):
    """What autograd keeps from the forward until the backward pass.

    Queries, keys and values are views of the layer's fused projection wherever no copy of them had to be made; the
    whole projection is kept as long as one view of it is.
    """

    LINEAR_INPUT = "linear-input"
    GELU_INPUT = "gelu-input"
    NORM_INPUT = "norm-input"
    NORM_STATISTICS = "norm-statistics"  # mean and reciprocal deviation of each position
    DROPOUT_MASK = "dropout-mask"  # fp32 on a CPU, also for attention weights
    PROJECTION = "projection"
    HEAD_INPUT = "head-input"  # copies of queries, keys, values, and what is made from them
    HEAD_OUTPUT = "head-output"
    HEAD_STATISTICS = "head-statistics"  # log-sum-exp of each position, of the flash kernel
    ATTENTION_MAP = "attention-map"  # length x length: softmax, and what dropout leaves of it
    MIXING_WEIGHTS = "mixing-weights"  # of dynamic convolutions: softmax, and the band made from it
    WEIGHT_COPY = "weight-copy"  # weights of heads, repeated for every sequence
    POOLED = "pooled"
    LOSS = "loss"


@dataclass(frozen=True)
class Place:
    """A place in the model: a part of layer 1, 2, …, or (`layer` None) of what is around the layers."""

    layer: int | None
    part: Part

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"layer": number or null, "part"}``."""
        return {"layer": self.layer, "part": self.part.value}


@dataclass(frozen=True)
class Share:
    """Bytes that something takes in one place; `kept` says what, if autograd keeps it."""

    place: Place
    bytes: int
    kept: Kept | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"layer", "part", "bytes"}`` and, where it is not None, ``"kept"``."""
        kept = {} if self.kept is None else {"kept": self.kept.value}
        return {**self.place.to_json(), **kept, "bytes": self.bytes}


def total_bytes(shares: Iterable[Share]) -> int:
    """Returns the bytes of all `shares`."""
    return sum(share.bytes for share in shares)


def bytes_by_part(shares: Iterable[Share]) -> dict[Part, int]:
    """Returns the bytes of each part over all layers, in the order of `Part`; parts without any are left out."""
    totals: Counter[Part] = Counter()
    for share in shares:
        totals[share.place.part] += share.bytes
    return {part: totals[part] for part in Part if totals[part]}


def bytes_by_layer(shares: Iterable[Share]) -> dict[int | None, int]:
    """Returns the bytes of each layer; those of None lie around the layers."""
    totals: Counter[int | None] = Counter()
    for share in shares:
        totals[share.place.layer] += share.bytes
    return dict(totals)


@dataclass(frozen=True)
class InferenceMemory:
    """Memory of a forward pass without gradients, in fp32.

    Attributes:
        weights: parameters and constant matrices, by place.
        activations: the most that is alive at once while each place computes; of a layer's parts only one at a time
            is alive, so they do not add up.
        worst: the place at which the most is alive.
        attention_map_bytes: what the length x length maps of the layer with the most of them would take. They are
            **not** in the other figures: torch's CPU kernel, which computes them in blocks, never holds them.
    """

    weights: tuple[Share, ...]
    activations: tuple[Share, ...]
    worst: Place
    attention_map_bytes: int

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights; `Cost.weight_bytes`."""
        return total_bytes(self.weights)

    @property
    def activation_bytes(self) -> int:
        """Bytes alive at the worst moment; `Cost.activation_bytes` times the batch size."""
        return max(share.bytes for share in self.activations)

    @property
    def total_bytes(self) -> int:
        """Weights and activations; `cost.memory_bytes`."""
        return self.weight_bytes + self.activation_bytes

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object of all figures."""
        return {
            "total_bytes": self.total_bytes,
            "weight_bytes": self.weight_bytes,
            "activation_bytes": self.activation_bytes,
            "worst": self.worst.to_json(),
            "weights": [share.to_json() for share in self.weights],
            "activations": [share.to_json() for share in self.activations],
            "attention_map_bytes": self.attention_map_bytes,
        }


@dataclass(frozen=True)
class TrainingMemory:
    """Memory of one training step with AdamW, in fp32; the batch itself is the caller's.

    Attributes:
        weights: parameters and constant matrices, by place.
        gradient_bytes: as many as parameters.
        optimizer_bytes: two moments of every parameter, and a step counter for every tensor.
        kept: what autograd keeps of one micro-batch until its backward pass, by place and kind.
        peak_bytes: the most alive at once, after the first step (which makes the optimizer's state).
        worst: the place whose backward pass (or the optimizer) needs the most.
        micro_batches: parts of a batch whose gradients are accumulated.
    """

    weights: tuple[Share, ...]
    gradient_bytes: int
    optimizer_bytes: int
    kept: tuple[Share, ...]
    peak_bytes: int
    worst: Place
    micro_batches: int

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights; `Cost.weight_bytes`."""
        return total_bytes(self.weights)

    @property
    def kept_bytes(self) -> int:
        """Bytes that autograd keeps of one micro-batch."""
        return total_bytes(self.kept)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object of all figures."""
        return {
            "peak_bytes": self.peak_bytes,
            "weight_bytes": self.weight_bytes,
            "gradient_bytes": self.gradient_bytes,
            "optimizer_bytes": self.optimizer_bytes,
            "kept_bytes": self.kept_bytes,
            "worst": self.worst.to_json(),
            "micro_batches": self.micro_batches,
            "weights": [share.to_json() for share in self.weights],
            "kept": [share.to_json() for share in self.kept],
        }
