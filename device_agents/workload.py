"""The workload: what is timed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.errors import RequestError
from search_spaces.canonical import stable_key, without_defaults
from search_spaces.deployment import Deployment, Runtime

WORKLOAD_VERSION = 1


class WorkloadKind(str, Enum):
    """Inference (a forward pass without gradients) or one training step."""

    INFERENCE = "inference"
    TRAINING_STEP = "training-step"


@dataclass(frozen=True)
class Workload:
    """One call: a batch of `batch_size` sequences, in `micro_batches` parts for a training step.

    Sequence length is part of the input spec.
    """

    kind: WorkloadKind = WorkloadKind.INFERENCE
    batch_size: int = 1
    micro_batches: int = 1

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "kind", WorkloadKind(self.kind))
        except ValueError:
            raise RequestError(f"workload must be inference or training-step, got {self.kind!r}") from None
        for name in ("batch_size", "micro_batches"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise RequestError(f"workload: {name} must be a whole number of at least 1, got {value!r}")
        if self.kind is WorkloadKind.INFERENCE and self.micro_batches != 1:
            raise RequestError("workload: micro_batches belong to a training step, not to inference")
        if self.batch_size % self.micro_batches:
            raise RequestError(
                f"workload: batch_size ({self.batch_size}) must be a multiple of micro_batches ({self.micro_batches})"
            )

    def check_deployment(self, deployment: Deployment) -> None:
        """Raises `RequestError` where a model that is deployed like this cannot run this: only torch trains."""
        if self.kind is WorkloadKind.TRAINING_STEP and deployment.runtime is not Runtime.TORCH:
            raise RequestError(
                f"workload: a training step needs the runtime torch, got {deployment.runtime.value} "
                f"({deployment.precision.value}); ask for inference or deploy with torch"
            )

    @property
    def key(self) -> str:
        """Key of this workload."""
        return stable_key("workload", WORKLOAD_VERSION, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Workload:
        """Returns the workload that `to_json` wrote. Raises `RequestError` on anything else."""
        try:
            return cls(**payload)
        except TypeError as error:
            raise RequestError(f"workload: {error}") from error
