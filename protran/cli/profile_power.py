"""The power trace of a profile: checked before anything is measured, written after it as a picture or as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protran.cli.profile_points import Point
from protran.cli.terminal import harmless
from protran.errors import InputError

if TYPE_CHECKING:
    from device_agents.measurement import Measurement

OPTION = "--power-trace"


def check_power_trace(path: Path, points: Sequence[Point], accelerator: str | None = None) -> None:
    """Refuses, before a profile that takes a minute, what could only fail after it.

    Raises:
        InputError: there are several points, or no such file can be written.
        DeviceError: the device has no power to draw.
    """
    from protran.report.front_picture import SUFFIXES
    from protran.report.power_history import NUMBERS

    known = (*SUFFIXES, *NUMBERS)
    if path.suffix.lower() not in known:
        raise InputError(f"{OPTION}: expected a file that ends in {', '.join(known)}; got {path.name!r}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{OPTION}: expected a file in a folder that exists, got {str(path)!r}; make the folder first")
    if len(points) > 1:
        raise InputError(
            f"{OPTION} is of one call on one device, got {len(points)} of them; give one --device, --batch and --length"
        )
    if accelerator is None:  # what a GPU's driver tells is known once it was asked
        _check_sensor(points[0].device)


def write_power_trace(path: Path, title: str, measurements: Sequence[Measurement]) -> Path:
    """Writes the trace of the first measurement that counts, or else of the first that has one; returns the path.

    Raises:
        DeviceError: no measurement has a trace.
        InputError: the file cannot be written.
    """
    from device_agents.errors import DeviceError
    from protran.report.power_history import NUMBERS, history_of, write_numbers

    kept = [measurement for measurement in measurements if measurement.power_trace]
    if not kept:
        sensor = next((measurement.meter for measurement in measurements if measurement.meter), "the device")
        raise DeviceError(
            f"{OPTION}: expected power samples, {sensor} gave none, so nothing was written; see `protran doctor`"
        )
    history = history_of(min(kept, key=lambda measurement: measurement.status.value != "ok"), title)
    if path.suffix.lower() in NUMBERS:
        return write_numbers(history, path)
    from protran.report.power_picture import draw_power

    return draw_power(history, path)


def trace_title(model: str, point: Point) -> str:
    """Returns for example ``bert-tiny, length 128, inference on batch 8, on local``."""
    from protran.report.workload_line import workload_line

    return f"{harmless(model)}, length {point.input_spec.length}, {workload_line(point.workload)}, on {point.device}"


def _check_sensor(device: str) -> None:
    """Raises `DeviceError` where it is known beforehand that the device has no power samples."""
    from device_agents.errors import DeviceError
    from device_agents.meters.spec import MeterKind
    from device_agents.simulated_devices import is_simulated
    from protran.devices import LOCAL
    from protran.sensors import local_meter

    if is_simulated(device):
        raise DeviceError(f"{OPTION}: {device} is simulated and has no power over time to draw; choose a real device")
    if device == LOCAL and local_meter().kind is MeterKind.NONE:
        raise DeviceError(
            f"{OPTION}: this machine has no usable power sensor, so there is nothing to draw; see `protran doctor`"
        )
