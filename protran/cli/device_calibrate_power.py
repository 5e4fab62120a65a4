"""`protran device calibrate-power`: teaches this machine's energy estimate with a plug meter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.calibration_points import calibration_points
from protran.cli.terminal import JsonFlag, harmless, print_json, print_pairs, screen
from protran.errors import InputError

if TYPE_CHECKING:
    from device_agents.power_calibration.calibration import Calibration
    from device_agents.power_calibration.plateau import Plateau, PlateauWatts

_NOTED_CORES = 0.05  # what others may use during a plateau without a word


def calibrate_power(
    readings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="The plug meter's log: time_s or utc, and watts; read after the last load."
        ),
    ] = None,
    watts: Annotated[
        str | None,
        typer.Option(
            metavar="idle=W,…", help="Watts of all four loads, read before; nothing is run. --seconds long each."
        ),
    ] = None,
    plug_meter: Annotated[str, typer.Option(metavar="NAME", help="What the watts were read from.")] = "a plug meter",
    hold_out: Annotated[
        str,
        typer.Option(metavar="LOAD", help="What to judge on, and not to fit to: one-core, all-cores or memory-bound."),
    ] = "memory-bound",
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, metavar="S", help="How long to hold each load; below 120 is a trial only.")
    ] = 120.0,
    force: Annotated[bool, typer.Option("--force", help="Keep what would be refused.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Learn what this machine draws idle and per busy core, while you read a plug meter. Takes eight minutes.

    It holds four loads one after the other: idle, one core, all cores, copies in memory. One of them only judges the
    rest. Without --readings or --watts it asks for the mean watts after each. Estimates of energy on this machine then
    rest on it; after a trial they stay generic.

    Example: protran device calibrate-power --watts idle=2.7,one-core=3.9,all-cores=6.1,memory-bound=5.6
    """
    from device_agents.environment import device_identity, processor_model
    from device_agents.errors import DeviceError
    from device_agents.power_calibration.calibration import Calibration
    from device_agents.power_calibration.power_model import faults, fit_power
    from device_agents.power_calibration.storage import save_calibration

    held_out = _held_out(hold_out)
    points = calibration_points(readings, watts, seconds)
    fit = fit_power(points, held_out)
    found = faults(points, fit)
    if found and not force:
        raise DeviceError(f"not kept: {'; '.join(found)}; read the meter again, or keep it with --force")
    calibration = Calibration(
        device_identity(), processor_model(), _now(), " ".join(plug_meter.split()), points, fit, found
    )
    path = save_calibration(calibration)
    if as_json:
        used = not calibration.unusable
        told = {"used": used, "reason": calibration.unusable or None, "notes": _notes(points), "file": str(path)}
        print_json({**told, "calibration": calibration.to_json()})
    else:
        _print(calibration, path)


def _held_out(name: str) -> Plateau:
    from device_agents.power_calibration.plateau import Plateau

    choices = {plateau.value: plateau for plateau in Plateau if plateau is not Plateau.IDLE}
    if name not in choices:
        raise InputError(f"--hold-out must be one of {', '.join(choices)}, got {name!r}")
    return choices[name]


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _notes(points: Sequence[PlateauWatts]) -> list[str]:
    return [
        f"{point.plateau.value}: other programs kept {point.other_busy_cores:.2g} cores busy"
        for point in points
        if point.other_busy_cores is not None and point.other_busy_cores > _NOTED_CORES
    ]


def _print(calibration: Calibration, path: Path) -> None:
    console, fit = screen(), calibration.fit
    rows = [
        (
            point.plateau.value,
            f"{point.busy_cores:.2f} cores busy",
            f"{point.power_w:.2f} W",
            f"{fit.residuals_w[point.plateau]:+.2f} W from the model",
        )
        for point in calibration.points
    ]
    print_pairs(console, rows)
    model = fit.model
    memory = "" if model.memory_w is None else f" ({model.core_w + model.memory_w:.2f} W where it waits for memory)"
    console.print(
        f"Model: {model.idle_w:.2f} W idle + {model.core_w:.2f} W per busy core{memory} ± {model.spread_w:.2f} W"
    )
    console.print(f"Held out: {fit.held_out.value}, missed by {100 * fit.held_out_error:.1f} %")
    for note in (*_notes(calibration.points), *(f"forced though {fault}" for fault in calibration.faults)):
        console.print(f"note: {harmless(note)}", soft_wrap=True)
    console.print(f"Written to {harmless(path)}", soft_wrap=True)
    console.print(
        f"Estimates stay estimated-generic: {calibration.unusable}."
        if calibration.unusable
        else "Estimates of energy on this machine are estimated-calibrated from now on.",
        soft_wrap=True,
    )
