"""The deployment: how a trained architecture is made to run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

from search_spaces.canonical import without_defaults
from search_spaces.errors import SpaceError
from search_spaces.payloads import choice, expect_keys, is_count


class Precision(str, Enum):
    """Number format of weights and activations.

    `INT8_DYNAMIC` measures the range of activations while it runs; `INT8_STATIC` was told it by calibration.
    """

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8_DYNAMIC = "int8-dynamic"
    INT8_STATIC = "int8-static"

    @property
    def is_int8(self) -> bool:
        """Whether weights are stored in 8 bits."""
        return self in (Precision.INT8_DYNAMIC, Precision.INT8_STATIC)


class Runtime(str, Enum):
    """The library that executes the model."""

    TORCH = "torch"
    ONNXRUNTIME = "onnxruntime"


MOST_THREADS = 1024
"""Beyond it a typing error is likelier than a processor."""

RUNS: dict[Runtime, tuple[Precision, ...]] = {
    Runtime.TORCH: (Precision.FP32, Precision.BF16, Precision.FP16),
    Runtime.ONNXRUNTIME: (Precision.FP32, Precision.INT8_DYNAMIC, Precision.INT8_STATIC),
}
"""Which precisions each runtime runs."""


@dataclass(frozen=True)
class LayerDeployment:
    """What becomes of one layer when the model is deployed.

    Attributes:
        head_sparsity: share of the attention heads that is removed, at least 0 and below 1.
        feed_forward_sparsity: share of the channels of each feed-forward size that is removed.
        keep_fp32: the layer stays in fp32 where the model becomes int8.
    """

    head_sparsity: float = 0.0
    feed_forward_sparsity: float = 0.0
    keep_fp32: bool = False

    def __post_init__(self) -> None:
        for name in ("head_sparsity", "feed_forward_sparsity"):
            object.__setattr__(self, name, sparsity(name, getattr(self, name)))
        if not isinstance(self.keep_fp32, bool):
            raise SpaceError(f"keep_fp32 must be true or false, got {self.keep_fp32!r}")


def sparsity(name: str, value: Any) -> float:
    """Returns a share to remove. Raises `SpaceError` where it is not at least 0 and below 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.0 <= value < 1.0:
        raise SpaceError(f"{name} must be a share of at least 0 and below 1, got {value!r}")
    return float(value)


@dataclass(frozen=True)
class Deployment:
    """How a trained architecture is made to run.

    Attributes:
        precision: number format.
        runtime: the library that executes it.
        threads: processor threads.
        layers: what becomes of each layer; empty where nothing becomes of any.
    """

    precision: Precision = Precision.FP32
    runtime: Runtime = Runtime.TORCH
    threads: int = 1
    layers: tuple[LayerDeployment, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", choice(Precision, self.precision, "precision"))
        object.__setattr__(self, "runtime", choice(Runtime, self.runtime, "runtime"))
        if not is_count(self.threads) or self.threads > MOST_THREADS:
            raise SpaceError(f"threads must be a whole number from 1 to {MOST_THREADS}, got {self.threads!r}")
        runs = RUNS[self.runtime]
        if self.precision not in runs:
            others = [runtime.value for runtime, known in RUNS.items() if self.precision in known]
            raise SpaceError(
                f"the runtime {self.runtime.value} runs {', '.join(p.value for p in runs)}, not "
                f"{self.precision.value}; set runtime to {others[0]}"
            )
        layers = tuple(self.layers)
        if not self.precision.is_int8:  # every layer stays in fp32 anyhow: equal deployments shall be equal
            layers = tuple(dataclasses.replace(layer, keep_fp32=False) for layer in layers)
        object.__setattr__(self, "layers", layers if any(layer != LayerDeployment() for layer in layers) else ())

    @property
    def whole(self) -> Deployment:
        """The same without what becomes of single layers."""
        return dataclasses.replace(self, layers=())

    @property
    def fp32_layers(self) -> list[int]:
        """Numbers of the layers, from 0, that stay in fp32 where the model becomes int8."""
        return [number for number, layer in enumerate(self.layers) if layer.keep_fp32]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Deployment:
        """Returns the deployment that `to_json` wrote. Raises `SpaceError` on an unknown field or value."""
        expect_keys(payload, "deployment", optional={"precision", "runtime", "threads", "layers"})
        layers = payload.get("layers", [])
        if not isinstance(layers, list):
            raise SpaceError(f"deployment: layers must be a list, got {type(layers).__name__}")
        read: list[LayerDeployment] = []
        for number, item in enumerate(layers, start=1):
            expect_keys(item, f"deployment of layer {number}", optional={f.name for f in _LAYER_FIELDS})
            try:
                read.append(LayerDeployment(**item))
            except SpaceError as error:
                raise SpaceError(f"deployment of layer {number}: {error}") from error
        return cls(**{**payload, "layers": tuple(read)})


_LAYER_FIELDS = dataclasses.fields(LayerDeployment)
