"""What there is to know of this machine as a device, without measuring anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_agents.accelerator import Accelerator
from device_agents.environment import device_identity, machine_facts
from device_agents.meters.discovery import discover
from device_agents.nvml_throttling import machine_with_gpu
from device_agents.throttling import read_throttling

RUNTIMES = ("torch", "onnxruntime")


def facts_of_this_machine() -> Mapping[str, Any]:
    """Returns the machine's facts, its sensors, whether it is throttled now, and the runtimes it has, as JSON."""
    return {
        **machine_facts().to_json(),
        "sensors": [report.to_json() for report in discover()],
        "throttling": read_throttling().to_json(),
        "runtimes": runtime_versions(),
    }


def facts_with_accelerator(accelerator: Accelerator) -> Mapping[str, Any]:
    """Returns the machine's facts, the GPU that runs models there, and the identity of the machine's processor."""
    return {
        **facts_of_this_machine(),
        "throttling": machine_with_gpu(accelerator.uuid).to_json(),
        "accelerator": accelerator.to_json(),
        "machine_identity": device_identity(),
    }


def runtime_versions() -> dict[str, str | None]:
    """Returns the version of each library that runs models, for this interpreter; None where it is not installed.

    None of them is imported.
    """
    return {name: _installed(name) for name in RUNTIMES}


def _installed(distribution: str) -> str | None:
    from importlib import metadata  # noqa: PLC0415 - slow to import, and only asked for facts

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
