"""`protran doctor`: what this machine can measure, what it lacks, and the command that brings a sensor nearer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from device_agents.meters.reports import SensorReport
    from protran.cli.health import Check

_MARKS = {"ok": ("ok", "green"), "warning": ("!!", "yellow"), "missing": ("--", "dim")}


def doctor(
    runs: Annotated[Path, typer.Option(help="The folder of the campaigns.")] = Path("runs"),
    as_json: JsonFlag = False,
) -> None:
    """Say what this machine can measure, and what the rest lacks.

    Warnings do not change the exit code: it is 0.

    Example: protran doctor --json
    """
    from device_agents.environment import available_memory_bytes, device_identity, machine_facts
    from device_agents.meters.discovery import discover
    from device_agents.meters.reports import energy_is_measurable
    from device_agents.throttling import read_throttling
    from protran.cli import health
    from protran.tasks.cache import cache_folder

    facts = machine_facts()
    sensors, throttling = discover(), read_throttling()
    energy = energy_is_measurable(sensors)
    checks = [
        *health.libraries(),
        health.load(facts),
        health.memory(available_memory_bytes()),
        health.heat(throttling),
        *([] if energy else [health.power_calibration()]),
        health.folder("runs", runs),
        health.folder("cache", cache_folder()),
    ]
    measurable = _measurable(energy=energy)
    if as_json:
        print_json(
            {
                "machine": {**facts.to_json(), "device_identity": device_identity()},
                "measurable": measurable,
                "throttling": throttling.to_json(),
                "sensors": [report.to_json() for report in sensors],
                "checks": [check.to_json() for check in checks],
                "warnings": sum(check.health is health.Health.WARNING for check in checks),
            }
        )
        return
    _print_machine({**facts.to_json(), "device_identity": device_identity()})
    _print_measurable(measurable, sensors)
    _print_checks(checks)


def _measurable(*, energy: bool) -> dict[str, bool]:
    """Returns for each quantity whether a campaign on this machine gets figures for it."""
    always = ("latency_s", "core_seconds", "memory_bytes", "parameters")
    return {**dict.fromkeys(always, True), "energy_j": energy, "peak_power_w": energy}


def _print_machine(facts: dict[str, Any]) -> None:
    console = screen()
    console.print("Machine", style="bold")
    for name, value in facts.items():
        shown = f"{value / 1024**3:.1f} GiB" if name == "memory_bytes" and value else value
        console.print(f"  {name:<17} {harmless('unknown' if shown is None else shown)}")


def _print_measurable(measurable: dict[str, bool], sensors: Sequence[SensorReport]) -> None:
    console = screen()
    console.print("\nWhat it can measure", style="bold")
    for name, possible in measurable.items():
        mark, style = _MARKS["ok" if possible else "missing"]
        console.print(f"  {mark} ", style=style, end="")
        console.print(name if possible else f"{name}: no usable sensor, so it stays unavailable")
    for report in sensors:
        console.print(
            f"     {harmless(report.sensor)}: {report.state.value}; {harmless(report.finding)}", soft_wrap=True
        )
        if report.command:
            console.print(f"       make it readable with: {harmless(report.command)}", style="bold", soft_wrap=True)


def _print_checks(checks: Sequence[Check]) -> None:
    console = screen()
    console.print("\nChecks", style="bold")
    for check in checks:
        mark, style = _MARKS[check.health.value]
        console.print(f"  {mark} ", style=style, end="")
        console.print(f"{check.name}: {harmless(check.finding)}", soft_wrap=True)
        if check.command:
            console.print(f"       try: {harmless(check.command)}", style="bold", soft_wrap=True)
