"""The facts of this machine, read from its files; nothing is imported or started to learn them."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path("/")
IDENTITY_LENGTH = 16  # hexadecimal digits


@dataclass(frozen=True)
class MachineFacts:
    """What a reader needs in order to know where a figure comes from.

    Attributes:
        processor: model name of the processor.
        architecture: instruction set, for example `x86_64`.
        cores: cores that this process may use.
        memory_bytes: physical memory; None where unknown.
        operating_system: its name and version.
        python: version of the interpreter.
        torch: installed version of torch; None where there is none.
        governor: what sets the clock frequency of the first core; None where it is not visible (virtual machines).
        load: runnable processes, mean of the last minute; None where unknown.
    """

    processor: str
    architecture: str
    cores: int
    memory_bytes: int | None
    operating_system: str
    python: str
    torch: str | None
    governor: str | None
    load: float | None

    def to_json(self) -> dict[str, Any]:
        """Returns the facts as a JSON object."""
        return asdict(self)


def machine_facts(root: Path = ROOT) -> MachineFacts:
    """Returns the facts of the machine whose file system starts at `root`."""
    return MachineFacts(
        processor=processor_model(root),
        architecture=platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_bytes=_meminfo(root).get("MemTotal"),
        operating_system=_operating_system(root),
        python=platform.python_version(),
        torch=_installed("torch"),
        governor=_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
        load=machine_load(root),
    )


def device_identity(root: Path = ROOT, *, executes: str = "cpu") -> str:
    """Returns the stable identity of the device that runs models: a hash of the machine's id and of what executes.

    It survives restarts, updates and a new name or address of the machine, and does not give the machine's id away.
    A machine without an id (some containers) is known by its host name instead.

    Args:
        root: where the machine's file system starts.
        executes: the kind of processor that runs the models.
    """
    machine = _text(root / "etc/machine-id") or _text(root / "var/lib/dbus/machine-id") or platform.node()
    text = "\n".join(("protran-device", machine, executes, processor_model(root)))
    return hashlib.sha256(text.encode()).hexdigest()[:IDENTITY_LENGTH]


def boot_identity(root: Path = ROOT) -> str:
    """Returns what tells one start of the machine from the next; empty where the kernel does not say."""
    return _text(root / "proc/sys/kernel/random/boot_id")


def processor_model(root: Path = ROOT) -> str:
    """Returns the model name of the processor, or, on boards that do not say it, the name of the board."""
    names: dict[str, str] = {}
    for line in _text(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        names.setdefault(name.strip(), value.strip())
    board = _text(root / "proc/device-tree/model").rstrip("\0")
    return names.get("model name") or board or names.get("Model") or platform.processor() or platform.machine()


def available_memory_bytes(root: Path = ROOT) -> int | None:
    """Returns the memory that a new process can have without swapping; None where the machine does not say."""
    return _meminfo(root).get("MemAvailable")


def machine_load(root: Path = ROOT) -> float | None:
    """Returns the number of runnable processes, mean of the last minute; None where the machine does not say."""
    words = _text(root / "proc/loadavg").split()
    return float(words[0]) if words else None


def _meminfo(root: Path) -> Mapping[str, int]:
    sizes = {}
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[0].isdigit() and words[1] == "kB":
            sizes[name] = int(words[0]) * 1024  # the kernel says kB and means KiB
    return sizes


def _operating_system(root: Path) -> str:
    for line in _text(root / "etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.platform(terse=True)


def _installed(distribution: str) -> str | None:
    from importlib import metadata  # noqa: PLC0415 - slow to import, and only asked for facts

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _text(path: Path) -> str:
    """Returns the stripped text of a small file, or nothing where it cannot be read: facts are optional."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
