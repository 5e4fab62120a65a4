"""A GPU that runs models in the place of the processor: what it is called, and what it means for a job.

It makes another device of the same machine. Which GPU it is travels to the runner beside a request and never inside it:
the identity of the device, which the request holds, says it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from device_agents.isolation.failure import FailureKind, JobFailed
from device_agents.isolation.limits import Limits
from device_agents.meters.spec import MeterKind, MeterSpec
from search_spaces.deployment import Deployment, Runtime

OUT_OF_MEMORY = "the GPU is out of memory"
"""Begins the runner's error where the GPU, and not the machine, lacks memory."""


@dataclass(frozen=True)
class Accelerator:
    """One NVIDIA GPU.

    Attributes:
        uuid: as the driver tells it, ``GPU-…``; empty for the only GPU of a board, which has none that all tools tell.
        name: model name.
        memory_bytes: its own memory; None where it shares the machine's (Jetson).
        driver: version of the driver; empty where nobody says.
    """

    uuid: str
    name: str
    memory_bytes: int | None
    driver: str

    @property
    def executes(self) -> str:
        """What executes, for `device_identity`: not an index, which another card may change."""
        return f"cuda:{self.uuid or self.name}"

    @property
    def option(self) -> str:
        """The agent's option that finds this GPU again, whatever cards come and go."""
        return f"cuda:{self.uuid}" if self.uuid else "cuda"

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"kind", "uuid", "name", "memory_bytes", "driver"}``, for the facts of a device."""
        return {
            "kind": "cuda",
            "uuid": self.uuid,
            "name": self.name,
            "memory_bytes": self.memory_bytes,
            "driver": self.driver,
        }

    def meter(self, spec: MeterSpec) -> MeterSpec:
        """Returns a meter that sees this GPU and none beside it, where the meter sees GPUs."""
        return replace(spec, gpus=(self.uuid,)) if spec.kind is MeterKind.NVML and self.uuid else spec

    def limits(self, limits: Limits, free_bytes: int | None, share: float) -> tuple[Limits, int | None]:
        """Returns the limits of the job's process, and the bytes that it may have on the GPU; None for all of them.

        CUDA reserves more address space than there is memory, so that the process itself gets no limit of memory.

        Args:
            limits: what the asker allows; its memory becomes that of the GPU.
            free_bytes: free memory of the machine.
            share: how much of it a job may take without a limit of its own, where the GPU shares it.
        """
        shared = limits.bounded(free_bytes, share) if self.memory_bytes is None else limits
        return replace(limits, memory_bytes=None), shared.memory_bytes

    def payload(self, memory_bytes: int | None) -> dict[str, Any]:
        """Returns what the runner is told.

        Args:
            memory_bytes: what a job may have on the GPU; None for all of it.
        """
        return {"kind": "cuda", "uuid": self.uuid, "name": self.name, "memory_bytes": memory_bytes}

    def explained(self, failure: JobFailed) -> JobFailed:
        """Returns a job's failure; where the GPU lacked memory, one whose reason says so."""
        _, found, rest = failure.detail.rpartition(f"{OUT_OF_MEMORY}: ")
        if failure.kind is not FailureKind.OUT_OF_MEMORY or not found:
            return failure
        return JobFailed(failure.kind, f"out of memory: {rest.splitlines()[0]}", failure.detail)


def refusal(deployment: Deployment) -> str:
    """Returns why a model that is deployed so cannot run on a GPU, in one sentence; empty where it can."""
    if deployment.runtime is Runtime.TORCH:
        return ""
    return (
        f"expected the runtime torch on a GPU, got {deployment.runtime.value} ({deployment.precision.value}); set "
        f"runtime to torch, or measure on the processor"
    )


def accelerator_fields(accelerator: Accelerator | None, memory_bytes: int | None = None) -> Mapping[str, Any]:
    """Returns what a payload holds of an accelerator: nothing where models run on the processor."""
    return {} if accelerator is None else {"accelerator": accelerator.payload(memory_bytes)}
