"""What this machine needs for a campaign, check by check; each that fails says the command that would mend it."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from device_agents.environment import MachineFacts
    from device_agents.throttling import Throttling

_GIB = 1024**3
_LEAST_DISK_BYTES = 2 * _GIB
_LEAST_MEMORY_BYTES = 2 * _GIB  # the campaign, Ray, and one runner with torch
_LIBRARIES = {
    "torch": "pip install 'protran'",
    "ray": "pip install 'protran'",
    "onnxruntime": "pip install 'protran[onnx]'",
    "transformers": "pip install 'protran[text]'",
}
_OPTIONAL = frozenset({"onnxruntime", "transformers"})


class Health(str, Enum):
    """Result of one check."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    """Something optional is not there."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        health: how it is.
        finding: what was found, for a person.
        command: the exact command that would improve it; None where there is none.
    """

    name: str
    health: Health
    finding: str
    command: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"name", "health", "finding", "command"}``."""
        return {"name": self.name, "health": self.health.value, "finding": self.finding, "command": self.command}


def libraries() -> list[Check]:
    """Looks for the libraries that run, distribute and export models, without importing them."""
    checks = []
    for name, command in _LIBRARIES.items():
        try:
            checks.append(Check(name, Health.OK, f"version {importlib.metadata.version(name)}"))
        except importlib.metadata.PackageNotFoundError:
            health = Health.MISSING if name in _OPTIONAL else Health.WARNING
            checks.append(Check(name, health, "not installed", command))
    return checks


def load(facts: MachineFacts) -> Check:
    """Looks whether other programs keep the cores busy, which makes absolute latencies uncertain."""
    if facts.load is None:
        return Check("load", Health.OK, "unknown")
    finding = f"{facts.load:.1f} runnable processes on {facts.cores} cores"
    if facts.load > 0.5 * facts.cores:
        advice = "other programs are running: latencies will be marked contended, ratios to the reference stay good"
        return Check("load", Health.WARNING, f"{finding}; {advice}", "ps -eo pcpu,pid,comm --sort=-pcpu | head")
    return Check("load", Health.OK, finding)


def memory(available_bytes: int | None) -> Check:
    """Looks whether a campaign fits in the memory that is free now."""
    if available_bytes is None:
        return Check("memory", Health.OK, "free memory unknown")
    finding = f"{available_bytes / _GIB:.1f} GiB free"
    if available_bytes < _LEAST_MEMORY_BYTES:
        return Check(
            "memory", Health.WARNING, f"{finding}; a campaign wants 2 GiB", "ps -eo rss,pid,comm --sort=-rss | head"
        )
    return Check("memory", Health.OK, finding)


def heat(throttling: Throttling) -> Check:
    """Looks whether the machine is slowed down by heat or lack of power, which gets measurements rejected."""
    celsius = throttling.temperature_celsius
    temperature = "temperature unknown" if celsius is None else f"{celsius:.0f} C"
    if throttling.throttled:
        advice = "measurements will be rejected until it is cooler or has more power"
        return Check("heat", Health.WARNING, f"throttled, {temperature}: {'; '.join(throttling.reasons)}; {advice}")
    throttled = "the machine does not say whether it is throttled" if throttling.throttled is None else "not throttled"
    return Check("heat", Health.OK, f"{throttled}, {temperature}")


def power_calibration() -> Check:
    """Looks whether estimates of energy rest on a plug meter: what helps a machine without a power sensor."""
    from device_agents.errors import DeviceError
    from device_agents.meters.estimate import usable_calibration

    command = "protran device calibrate-power"
    try:
        calibration = usable_calibration()
    except DeviceError as error:
        return Check("power calibration", Health.WARNING, str(error), command)
    if calibration is None:
        finding = "none that can be used; with a plug meter, estimates of energy become those of this very machine"
        return Check("power calibration", Health.MISSING, finding, command)
    finding = f"of {calibration.date[:10]} with {calibration.plug_meter}, for estimates of energy"
    return Check("power calibration", Health.OK, finding)


def folder(name: str, path: Path) -> Check:
    """Looks whether files can be written in `path` (or where it would be created), and how much room is left."""
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    if not existing.is_dir():
        return Check(
            name,
            Health.WARNING,
            f"{path}: {existing} is a file, not a folder",
            f"mv {shlex.quote(str(existing))} {shlex.quote(str(existing) + '.old')}",
        )
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        finding = f"{path} cannot be written: {error.strerror}"
        return Check(name, Health.WARNING, finding, f"sudo chown -R {os.getuid()} {shlex.quote(str(existing))}")
    free = shutil.disk_usage(existing).free
    finding = f"{path} can be written, {free / _GIB:.1f} GiB free"
    if free < _LEAST_DISK_BYTES:
        return Check(
            name,
            Health.WARNING,
            f"{finding}; 2 GiB are wanted",
            f"du -sh {shlex.quote(str(existing))}/* | sort -h | tail",
        )
    return Check(name, Health.OK, finding)
