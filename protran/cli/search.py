"""`protran search`: starts a campaign, or resumes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from device_agents.fleet.opening import DispatcherKind
from protran.cli.carbon_options import (
    CarbonHoursOption,
    CarbonScheduleOption,
    CarbonZoneOption,
    CountryOption,
    GridIntensityOption,
    PueOption,
    low_hours,
    named_grid,
)
from protran.cli.failure import resumable
from protran.cli.ledger_options import LedgerOption
from protran.cli.task_options import TaskOptions, parse_options
from protran.cli.terminal import JsonFlag, print_json, screen

if TYPE_CHECKING:
    from protran.config import CampaignConfig

_FIRST_SPACE, _FIRST_TASK, _FIRST_EFFORT = "edge-small", "watch", "demo"


def search(
    campaign: Annotated[
        Path | None,
        typer.Argument(metavar="CAMPAIGN.yaml", help="A campaign file; options win over it, and it over defaults."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Names the campaign and its folder; the same name resumes. "
            "(default without a file: made from space and task)"
        ),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(help="A design space: a built-in name or a YAML file. (default without a file: edge-small)"),
    ] = None,
    deploy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDS",
            help="Search these ways of deployment beside the space's own: onnx (32 bits in onnxruntime), int8 (both "
            "int8-dynamic and int8-static, or name one), bf16, pruned (layers lose a quarter or half of their heads "
            "and feed-forward channels), mixed (int8 with layers that stay in fp32), fp32. With commas, or repeated.",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="A task: a built-in name, or a .csv or .npz file. (default without a file: watch)"),
    ] = None,
    task_option: TaskOptions = None,
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="A device to measure on: local, one of the fleet, or a simulated one such as sim:rpi4; repeatable."
        ),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(help="error, latency, memory, energy, peak-power, parameters …; may be repeated."),
    ] = None,
    budget: Annotated[
        list[str] | None, typer.Option(help="A hard limit such as 'latency<=20ms'; may be repeated.")
    ] = None,
    effort: Annotated[
        str | None,
        typer.Option(
            help="demo (8 minutes), quick (half an hour) or standard (hours); or an amount: '60 evaluations', "
            "'20 min', '50 gCO2e'; or several, with commas. (default without a file: demo; with a file that names "
            "none: standard)"
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Root of every random number. (default: 0)")] = None,
    proposer: Annotated[
        str | None, typer.Option(help="gradient, or random to compare with. (default: gradient)")
    ] = None,
    distil: Annotated[
        bool | None,
        typer.Option(
            "--distil/--no-distil",
            show_default=False,
            help="Trainings at full fidelity learn from the best model found until then as well. (default: no)",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Solve this finished campaign again for other devices, budgets or objectives, without trainings: all "
            "else is as it was there.",
        ),
    ] = None,
    reuse: Annotated[
        str | None,
        typer.Option(
            help="none; device: measurements of the same device by other campaigns; all: their trainings too, and what "
            "other devices measured. (default: none)"
        ),
    ] = None,
    country: CountryOption = None,
    grid_intensity: GridIntensityOption = None,
    pue: PueOption = None,
    estimate_energy: Annotated[
        bool, typer.Option("--estimate-energy", help="An effort in grams may count estimates from core-seconds.")
    ] = False,
    runs: Annotated[Path, typer.Option(help="The folder of the campaigns.")] = Path("runs"),
    ledger: LedgerOption = None,
    dispatcher: Annotated[
        DispatcherKind, typer.Option(help="ray, or inline for this process alone.")
    ] = DispatcherKind.RAY,
    carbon_schedule: CarbonScheduleOption = None,
    carbon_hours: CarbonHoursOption = None,
    carbon_zone: CarbonZoneOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Search for the best transformers for a task on your devices: start a campaign, or resume it.

    Stop it with Ctrl-C whenever you like: the same command continues where it stopped.

    Example: protran search --space edge-small --task watch --device local --name demo
    """
    from protran.api import start_campaign
    from protran.cli.finish import present
    from protran.cli.live import watching
    from protran.ledger.place import place_for

    arguments = {
        "name": name,
        "space": space,
        "deploy": _words(deploy),
        "task": _task(task, task_option),
        "devices": device or None,
        "objectives": _words(objective),
        "budgets": budget or None,
        "effort": effort,
        "seed": seed,
        "proposer": proposer,
        "distil": distil,
        "reuse": reuse,
        "grid": _grid(country, grid_intensity, pue, estimate_energy),
    }
    hours = low_hours(carbon_schedule, carbon_hours, carbon_zone)
    asked = {"config": _config(campaign, arguments)} if origin is None else _again(origin, campaign, arguments)
    place = place_for(runs, ledger)
    with resumable(), watching(screen(stderr=as_json)) as progress:
        result = start_campaign(
            **asked, runs=runs, ledger=place, observer=progress, dispatcher=dispatcher, carbon_schedule=hours
        )
    if as_json:
        print_json({"campaign": result.name, "folder": str(runs / result.name), **result.front.to_json()})
    else:
        present(result.front, result.name, place)


def _again(origin: str, path: Path | None, arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields of a campaign that solves an earlier one again."""
    from protran.errors import InputError

    if path is not None:
        raise InputError(f"expected --from or a campaign file, got both; what {path} says is as in {origin!r}")
    if arguments["name"] is None:
        raise InputError(f"--from needs a name for the new campaign, got none; add --name, for example {origin}-2")
    return {**{key: value for key, value in arguments.items() if value is not None}, "origin": origin}


def _config(path: Path | None, arguments: dict[str, Any]) -> CampaignConfig:
    if path is not None:
        from protran.config_file import load_config

        return load_config(path, arguments)
    from protran.config import config_from_arguments
    from protran.names import name_from

    first = {"space": _FIRST_SPACE, "task": _FIRST_TASK, "effort": _FIRST_EFFORT}
    given = {key: value for key, value in arguments.items() if value is not None}
    filled = {**first, **given}
    filled.setdefault("name", name_from(f"{Path(str(filled['space'])).stem}-{_task_name(filled['task'])}"))
    return config_from_arguments(filled)


def _grid(country: str | None, intensity: float | None, pue: float | None, estimate: bool) -> dict[str, Any] | None:
    """Returns the configuration's grid, or None where the options name none."""
    if named_grid(country, intensity, pue) is None:
        if estimate:
            from protran.errors import InputError

            raise InputError("--estimate-energy needs a grid, got none; add --country or --grid-intensity")
        return None
    building = {} if pue is None else {"pue": pue}
    return {"country": country, "intensity": intensity, "estimate_energy": estimate, **building}


def _task(source: str | None, options: list[str] | None) -> Any:
    parsed = parse_options(options)
    if not parsed:
        return source
    if source is None:
        from protran.errors import InputError

        raise InputError("--task-option needs --task, the task or file that it is about")
    return {"source": source, "options": parsed}


def _task_name(task: Any) -> str:
    return Path(str(task["source"] if isinstance(task, dict) else task)).stem


def _words(texts: list[str] | None) -> list[str] | None:
    """Takes `--objective error,latency` and `--deploy int8,pruned` as well as one option for each."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()] if texts else None
