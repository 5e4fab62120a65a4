"""How a device is doing, in a few numbers that cost little to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from device_agents.environment import ROOT, available_memory_bytes, machine_load
from device_agents.throttling import read_throttling


def device_health(root: Path = ROOT) -> dict[str, Any]:
    """Returns load, free memory, and whether the device is throttled, as a JSON object.

    Only files are read, so a Raspberry Pi whose kernel has no file for its firmware's flags tells less here than
    `read_throttling` does, which starts a program to learn them.
    """
    throttling = read_throttling(root, _no_command)
    return {
        "load": machine_load(root),
        "available_memory_bytes": available_memory_bytes(root),
        **throttling.to_json(),
    }


def _no_command() -> str:
    """Stands for a firmware that says nothing: a program takes longer than a device's signs of life may."""
    return ""
