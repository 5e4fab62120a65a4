"""What this machine has to measure energy and power with, and the command that would enable what is missing."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path("/")


class SensorState(str, Enum):
    """How far a sensor is from giving figures.

    USABLE: a meter reads it. NOT_SUPPORTED: it is there and readable, but ProTran has no meter for it yet.
    NO_ACCESS: it is there, but this user may not read it. NOT_INSTALLED: its library is missing. ABSENT: there is none.
    """

    USABLE = "usable"
    NOT_SUPPORTED = "not-supported"
    NO_ACCESS = "no-access"
    NOT_INSTALLED = "not-installed"
    ABSENT = "absent"


@dataclass(frozen=True)
class SensorReport:
    """What was found of one kind of sensor.

    Attributes:
        sensor: the kind of sensor, and what it covers.
        state: how far it is from giving figures.
        finding: one sentence for the user.
        command: the exact command that would bring it one step further; None where none would.
    """

    sensor: str
    state: SensorState
    finding: str
    command: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"sensor", "state", "finding", "command"}``."""
        return {"sensor": self.sensor, "state": self.state.value, "finding": self.finding, "command": self.command}


def _importable(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def discover(root: Path = ROOT, importable: Callable[[str], bool] = _importable) -> tuple[SensorReport, ...]:
    """Returns one report or more for each kind of sensor that ProTran knows of, in a fixed order.

    Args:
        root: where the machine's file system starts.
        importable: tells whether a Python module is installed.
    """
    return (*_rapl(root), *_hwmon(root), _nvidia(root, importable), *_batteries(root))


def energy_is_measurable(reports: tuple[SensorReport, ...]) -> bool:
    """Returns whether at least one of the sensors gives figures now."""
    return any(report.state is SensorState.USABLE for report in reports)


def _rapl(root: Path) -> list[SensorReport]:
    sensor = "processor energy counter (RAPL)"
    powercap = root / "sys/class/powercap"
    # Zones like intel-rapl:0 are packages; intel-rapl:0:1 are parts of one and would be counted twice.
    counters = sorted(path for path in powercap.glob("*-rapl:*/energy_uj") if path.parent.name.count(":") == 1)
    if not counters:
        finding = f"no processor energy counter under {_shown(powercap, root)} (usual in virtual machines and on ARM)"
        return [SensorReport(sensor, SensorState.ABSENT, finding)]
    closed = [path for path in counters if not os.access(path, os.R_OK)]
    if closed:
        paths = " ".join(_shown(path, root) for path in closed)
        finding = f"{len(counters)} counter(s), but only root may read {_shown(closed[0], root)}"
        return [SensorReport(sensor, SensorState.NO_ACCESS, finding, f"sudo chmod a+r {paths}")]
    return [_unsupported(sensor, f"{len(counters)} readable counter(s), {_shown(counters[0], root)}")]


def _hwmon(root: Path) -> list[SensorReport]:
    sensor = "power sensor of the board (hwmon)"
    chips = root / "sys/class/hwmon"
    reports = []
    for chip in sorted(chips.glob("hwmon*")):
        inputs = sorted([*chip.glob("power*_input"), *chip.glob("power*_average"), *chip.glob("energy*_input")])
        inputs = inputs or sorted(path for path in chip.glob("curr*_input"))
        if not inputs:
            continue
        name = _first_line(chip / "name") or chip.name
        closed = [path for path in inputs if not os.access(path, os.R_OK)]
        if closed:
            paths = " ".join(_shown(path, root) for path in closed)
            finding = f"chip {name}, but this user may not read {_shown(closed[0], root)}"
            reports.append(SensorReport(sensor, SensorState.NO_ACCESS, finding, f"sudo chmod a+r {paths}"))
        else:
            reports.append(_unsupported(sensor, f"chip {name}, {_shown(inputs[0], root)}"))
    finding = f"no chip under {_shown(chips, root)} measures power or current"
    return reports or [SensorReport(sensor, SensorState.ABSENT, finding)]


def _nvidia(root: Path, importable: Callable[[str], bool]) -> SensorReport:
    sensor = "NVIDIA GPU energy counter (NVML)"
    if not (root / "dev/nvidiactl").exists() and not (root / "proc/driver/nvidia/version").exists():
        return SensorReport(sensor, SensorState.ABSENT, "no NVIDIA driver is loaded")
    if not importable("pynvml"):
        finding = "an NVIDIA driver is loaded, but the library nvidia-ml-py is not installed"
        return SensorReport(sensor, SensorState.NOT_INSTALLED, finding, "pip install 'protran[gpu]'")
    return _unsupported(sensor, "an NVIDIA driver and the library nvidia-ml-py")


def _batteries(root: Path) -> list[SensorReport]:
    sensor = "battery gauge"
    supplies = root / "sys/class/power_supply"
    found = [path.parent for path in sorted(supplies.glob("*/type")) if _first_line(path) == "Battery"]
    if not found:
        return [SensorReport(sensor, SensorState.ABSENT, f"no battery under {_shown(supplies, root)}")]
    return [_unsupported(sensor, f"battery {path.name}") for path in found]


def _unsupported(sensor: str, what: str) -> SensorReport:
    finding = f"sensor found ({what}), not yet supported by this version: energy stays unavailable"
    return SensorReport(sensor, SensorState.NOT_SUPPORTED, finding)


def _shown(path: Path, root: Path) -> str:
    return str(ROOT / path.relative_to(root))


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip().partition("\n")[0]
    except OSError:
        return ""
