"""`protran monitor`: runs any program and says afterwards what it used."""

from __future__ import annotations

import json
import math
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.terminal import harmless, print_json
from protran.errors import InputError

if TYPE_CHECKING:
    from device_agents.meters.base import Meter
    from device_agents.meters.energy_range import EnergyRange
    from protran.carbon.footprint import Footprint
    from protran.carbon.intensity import Intensity
    from protran.cli.monitor_summary import MonitorSummary

CONTEXT = {"allow_interspersed_args": False}
"""The first word that is no option begins the program; what stands behind it is the program's own."""


def monitor(
    command: Annotated[list[str], typer.Argument(metavar="[--] CMD…", help="The program and its arguments.")],
    interval: Annotated[
        float, typer.Option(min=0.1, max=3600, metavar="S", help="Seconds between two readings of the sensor.")
    ] = 10.0,
    country: Annotated[
        str | None, typer.Option(metavar="DE", help="Whose grid feeds this machine: a code or an English name.")
    ] = None,
    g_per_kwh: Annotated[
        float | None,
        typer.Option(
            "--grid-intensity",
            "--g-per-kwh",
            metavar="G",
            help="Grams of CO2e per kilowatt-hour, where you know better.",
        ),
    ] = None,
    pue: Annotated[float, typer.Option(metavar="P", help="Power usage effectiveness of the building.")] = 1.0,
    memory_gb: Annotated[
        float | None, typer.Option(metavar="N", help="Add what N GB of memory draw (0.3725 W per GB, an estimate).")
    ] = None,
    estimate_energy: Annotated[
        bool,
        typer.Option(
            "--estimate-energy",
            help="Without a sensor: a range from core-seconds, by this machine's calibration if any.",
        ),
    ] = False,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="Say the energy of the NVIDIA GPUs alone, too; it is not added up.")
    ] = False,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write one JSON object, too; - is standard output.")
    ] = None,
) -> None:
    """Run any program; then say on standard error what it used: time, memory, energy, CO2e.

    Its output and signals pass through; its exit code is ours (128 + N for signal N; 2 where it cannot be started).

    Energy is that of the whole machine, as far as its sensor sees it, while the program ran.

    Example: protran monitor --country DE -- python -c 'print(sum(range(10**7)))'
    """
    from device_agents.meters.none import NoMeter
    from protran.cli.child_program import run_program
    from protran.cli.energy_windows import EnergyWindows
    from protran.cli.monitor_energy import gpu_energy, gpu_meter, machine_energy
    from protran.cli.monitor_summary import GpuEnergy, MonitorSummary

    intensity = _intensity(country, g_per_kwh)
    _check(pue, memory_gb, json_file)
    gpus, missing = gpu_meter() if gpu else (NoMeter(), "")
    with closing(local_meter()) as meter, closing(gpus):
        with EnergyWindows(meter, interval) as windows, EnergyWindows(gpus, interval) as of_gpus:
            run = run_program(command)
        known = machine_energy(windows, meter.name, run, estimate=estimate_energy, memory_gb=memory_gb, say=_say)
        alone = gpu_energy(of_gpus, gpus.name, missing)
    of_gpu = GpuEnergy(*alone, _footprint(alone[0], intensity, pue)) if gpu else None
    summary = MonitorSummary(tuple(command), run, *known, _footprint(known[0], intensity, pue), of_gpu)
    _tell(summary, json_file)
    raise SystemExit(run.exit_code)  # as it is: a returned 130 would be taken for an interrupt of ours


def local_meter() -> Meter:
    """Returns a meter of this machine's sensor; one that never says a joule where there is none that can be read."""
    from device_agents.clock import SystemClock
    from device_agents.errors import DeviceError
    from device_agents.meters.discovery import discover
    from device_agents.meters.none import NoMeter
    from device_agents.meters.registry import open_meter
    from device_agents.meters.reports import best_meter

    try:
        return open_meter(best_meter(discover()), SystemClock())
    except DeviceError as error:  # the program is to run all the same
        _say(f"protran: {error}")
        return NoMeter()


def _intensity(country: str | None, g_per_kwh: float | None) -> Intensity | None:
    from protran.carbon.intensity import country_intensity, own_intensity

    if country is not None and g_per_kwh is not None:
        raise InputError("expected --country or --grid-intensity, got both; leave one out")
    if country is not None:
        return country_intensity(country)
    return None if g_per_kwh is None else own_intensity(g_per_kwh)


def _check(pue: float, memory_gb: float | None, json_file: str | None) -> None:
    """Refuses before the program runs what would only fail after it."""
    if not 1 <= pue < math.inf:
        raise InputError(f"power usage effectiveness (PUE) must be finite and at least 1, got {pue:g}")
    if memory_gb is not None and not 0 <= memory_gb < math.inf:
        raise InputError(f"--memory-gb must be finite and at least 0, got {memory_gb:g}")
    if json_file not in (None, "-") and (Path(json_file).is_dir() or not Path(json_file).absolute().parent.is_dir()):
        raise InputError(f"--json must be a file in a folder that exists, or -; got {json_file!r}")


def _footprint(energy: EnergyRange, intensity: Intensity | None, pue: float) -> Footprint | None:
    from protran.carbon.footprint import Footprint, Stage

    return None if intensity is None else Footprint({Stage.PROGRAM: energy}, intensity, pue)


def _tell(summary: MonitorSummary, json_file: str | None) -> None:
    for line in summary.lines():
        _say(line)
    if json_file == "-":
        print_json(summary.to_json())
    elif json_file is not None:
        text = json.dumps(summary.to_json(), indent=2, allow_nan=False)
        try:
            Path(json_file).write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:  # the program did its work: its exit code counts, not that of ours
            _say(f"protran: {json_file}: cannot be written: {error.strerror}")


def _say(line: str) -> None:
    sys.stderr.write(f"{harmless(line)}\n")
