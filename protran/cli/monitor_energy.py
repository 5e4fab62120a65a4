"""The energy of a program that `protran monitor` ran: of the machine, and of its GPUs alone, never added up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device_agents.meters.base import Meter
    from device_agents.meters.energy_range import EnergyRange
    from protran.cli.child_program import ProgramRun
    from protran.cli.energy_windows import EnergyWindows

Known = tuple["EnergyRange", str]
"""An energy, and what it is; where it is unavailable, why."""


def machine_energy(
    windows: EnergyWindows,
    sensor: str,
    run: ProgramRun,
    *,
    estimate: bool,
    memory_gb: float | None,
    say: Callable[[str], None],
) -> Known:
    """Returns the sensor's energy, else the estimate that was asked for, else none.

    Args:
        windows: of the machine's sensor.
        sensor: its name.
        run: what the program used.
        estimate: whether an estimate may stand where there is no reading.
        memory_gb: memory whose own energy is added; an energy at the plug holds it already.
        say: is told what keeps a calibration from being used.
    """
    energy, source, at_plug = windows.energy(), f"{sensor}, the whole machine as far as it sees it", False
    if windows.reason and estimate:
        energy, source, at_plug = _estimated(run, windows.reason, say)
    elif windows.reason:
        source = f"{windows.reason}; protran doctor says what is missing, --estimate-energy gives a range"
    if memory_gb is None or energy.low_j is None:
        return energy, source
    if at_plug:
        return energy, f"{source}; memory is in it, so --memory-gb added nothing"
    from protran.carbon.footprint import memory_energy

    return energy.plus(memory_energy(memory_gb * 1e9, run.wall_s)), f"{source} + {memory_gb:g} GB of memory"


def gpu_energy(windows: EnergyWindows, sensor: str, missing: str) -> Known:
    """Returns the energy of the GPUs alone.

    Args:
        windows: of the GPUs' sensor.
        sensor: its name.
        missing: why there is no such sensor; empty where there is one.
    """
    energy = windows.energy()
    if missing:
        return energy, f"{missing}; protran doctor says what is missing"
    return energy, windows.reason or f"{sensor}, the GPUs alone, not added to the energy of the machine"


def gpu_meter() -> tuple[Meter, str]:
    """Returns a meter of this machine's GPUs; one that never says a joule, and why, where none can be read."""
    from device_agents.clock import SystemClock
    from device_agents.errors import DeviceError
    from device_agents.meters.discovery import discover
    from device_agents.meters.none import NoMeter
    from device_agents.meters.registry import open_meter
    from device_agents.meters.reports import best_meter
    from device_agents.meters.spec import MeterKind

    reports = discover()
    spec = best_meter(reports, gpu=True)
    if spec.kind is not MeterKind.NVML:
        findings = [report.finding for report in reports if "NVML" in report.sensor]
        return NoMeter(), f"no GPU that can be read ({'; '.join(findings)})"
    try:
        return open_meter(spec, SystemClock()), ""
    except DeviceError as error:  # the program is to run all the same
        return NoMeter(), str(error)


def _estimated(run: ProgramRun, reason: str, say: Callable[[str], None]) -> tuple[EnergyRange, str, bool]:
    """Returns the estimate, what it rests on, and whether it is that of the whole machine at the plug."""
    from device_agents.errors import DeviceError
    from device_agents.meters.estimate import GENERIC_WATTS, estimate_machine_energy, usable_calibration

    try:
        calibration = usable_calibration()
    except DeviceError as error:
        say(f"protran: {error}")
        calibration = None
    energy = estimate_machine_energy(run.wall_s, run.core_seconds, calibration)
    if calibration is None:
        watts = f"core-seconds x {GENERIC_WATTS.low_w:g} to {GENERIC_WATTS.high_w:g} W per core"
        return energy, f"{watts} ({reason})", False
    forced = ", forced" if calibration.faults else ""
    rests_on = f"core-seconds, calibrated {calibration.date[:10]} with {calibration.plug_meter}{forced}"
    return energy, f"{rests_on}: the whole machine at the plug, idle included, but no GPU at work ({reason})", True
