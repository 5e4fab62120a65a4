"""What this machine has to measure energy and power with, each sensor read once, and the command that enables more."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.meters.apple import INSTALL as INSTALL_APPLE
from device_agents.meters.apple import MODULE as APPLE_MODULE
from device_agents.meters.apple import is_apple_silicon, load_apple, open_apple
from device_agents.meters.base import Meter
from device_agents.meters.battery import SUPPLIES, check_discharging, find_batteries, open_battery
from device_agents.meters.hwmon import open_hwmon
from device_agents.meters.nvml import load_nvml, open_nvml
from device_agents.meters.rails import HWMON, choose_rails, find_rails
from device_agents.meters.rapl import POWERCAP, open_rapl, rapl_counters
from device_agents.meters.reports import SensorReport, SensorState
from device_agents.meters.rpi_pmic import ask_firmware, has_power_chip, open_rpi_pmic
from device_agents.meters.spec import MeterKind
from device_agents.meters.sysfs import ROOT, closed, shown


def _importable(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def discover(
    root: Path = ROOT,
    importable: Callable[[str], bool] = _importable,
    *,
    nvml: Callable[[], Any] = load_nvml,
    vcgencmd: Callable[[], str] = ask_firmware,
    is_apple: Callable[[], bool] = is_apple_silicon,
    apple: Callable[[], Any] = load_apple,
) -> tuple[SensorReport, ...]:
    """Returns one report or more for each kind of sensor that ProTran knows of, in a fixed order.

    Args:
        root: where the machine's file system starts.
        importable: tells whether a Python module is installed.
        nvml: returns the library `pynvml`.
        vcgencmd: returns what the Raspberry Pi's firmware says of its power chip.
        is_apple: tells whether this is a Mac with an Apple processor.
        apple: returns the library `zeus_apple_silicon`.
    """
    return (
        _rapl(root),
        *_hwmon(root),
        _rpi_pmic(root, vcgencmd),
        _nvidia(root, importable, nvml),
        _apple(importable, is_apple, apple),
        _battery(root),
    )


def _rapl(root: Path) -> SensorReport:
    sensor = "processor energy counter (RAPL)"
    counters = rapl_counters(root)
    if not counters:
        where = shown(root / POWERCAP, root)
        finding = f"no processor energy counter under {where} (usual in virtual machines and on ARM)"
        return SensorReport(sensor, SensorState.ABSENT, finding)
    return _no_access(sensor, counters, root) or _tried(sensor, MeterKind.RAPL, lambda: open_rapl(root))


def _hwmon(root: Path) -> list[SensorReport]:
    sensor = "power sensor of the board (hwmon)"
    rails = find_rails(root)
    chosen = choose_rails(rails)
    reports = []
    if chosen:
        paths = [path for rail in chosen for path in rail.paths]
        reports.append(_no_access(sensor, paths, root) or _tried(sensor, MeterKind.HWMON, lambda: open_hwmon(root)))
    for chip in dict.fromkeys(rail.chip for rail in rails if not rail.of_board):
        of_chip = [rail for rail in rails if rail.chip == chip]
        labels = ", ".join(rail.label for rail in of_chip)
        finding = f"chip {of_chip[0].chip_name} ({labels}) measures a part of the machine and is not used by itself"
        reports.append(SensorReport(sensor, SensorState.NOT_SUPPORTED, finding))
    finding = f"no chip under {shown(root / HWMON, root)} measures power or current"
    return reports or [SensorReport(sensor, SensorState.ABSENT, finding)]


def _rpi_pmic(root: Path, vcgencmd: Callable[[], str]) -> SensorReport:
    sensor = "power chip of the Raspberry Pi 5"
    if not has_power_chip(root):
        return SensorReport(sensor, SensorState.ABSENT, "this is no Raspberry Pi 5")
    closed_gate = _no_access(
        sensor, [root / "dev/vcio"], root, command="sudo usermod -aG video $USER, then log in anew"
    )
    return closed_gate or _tried(sensor, MeterKind.RPI_PMIC, lambda: open_rpi_pmic(ask=vcgencmd))


def _nvidia(root: Path, importable: Callable[[str], bool], nvml: Callable[[], Any]) -> SensorReport:
    sensor = "NVIDIA GPU energy counter (NVML)"
    if not (root / "dev/nvidiactl").exists() and not (root / "proc/driver/nvidia/version").exists():
        return SensorReport(sensor, SensorState.ABSENT, "no NVIDIA driver is loaded")
    if not importable("pynvml"):
        finding = "an NVIDIA driver is loaded, but the library nvidia-ml-py is not installed"
        return SensorReport(sensor, SensorState.NOT_INSTALLED, finding, "pip install 'protran[gpu]'")
    return _tried(sensor, MeterKind.NVML, lambda: open_nvml(nvml()))


def _apple(importable: Callable[[str], bool], is_apple: Callable[[], bool], apple: Callable[[], Any]) -> SensorReport:
    sensor = "energy counters of an Apple processor"
    if not is_apple():
        return SensorReport(sensor, SensorState.ABSENT, "this is not a Mac with an Apple processor")
    if not importable(APPLE_MODULE):
        finding = "they are there, but the library zeus-apple-silicon is not installed"
        return SensorReport(sensor, SensorState.NOT_INSTALLED, finding, INSTALL_APPLE)
    return _tried(sensor, MeterKind.APPLE, lambda: open_apple(apple()))


def _battery(root: Path) -> SensorReport:
    sensor = "battery gauge"
    batteries = find_batteries(root)
    if not batteries:
        return SensorReport(sensor, SensorState.ABSENT, f"no battery under {shown(root / SUPPLIES, root)}")
    try:
        check_discharging(batteries)
    except DeviceError as error:
        return SensorReport(sensor, SensorState.NOT_NOW, str(error))
    return _tried(sensor, MeterKind.BATTERY, lambda: open_battery(root))


def _no_access(sensor: str, paths: list[Path], root: Path, command: str | None = None) -> SensorReport | None:
    """Returns the report of files that this user may not read; None where all may be read."""
    barred = [shown(path, root) for path in closed(paths)]
    if not barred:
        return None
    finding = f"it is there, but this user may not read {barred[0]}"
    return SensorReport(sensor, SensorState.NO_ACCESS, finding, command or f"sudo chmod a+r {' '.join(barred)}")


def _tried(sensor: str, kind: MeterKind, open_meter: Callable[[], Meter]) -> SensorReport:
    """Returns whether the meter opens and reads its sensor."""
    try:
        meter = open_meter()
        try:
            meter.begin()
        finally:
            meter.close()
    except DeviceError as error:
        return SensorReport(sensor, SensorState.NOT_SUPPORTED, f"it is there, but gives no figures: {error}")
    return SensorReport(sensor, SensorState.USABLE, f"{meter.name} can be read", meter=kind)
