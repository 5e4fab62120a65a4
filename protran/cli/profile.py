"""`protran profile`: measures one model, on one device or several, at one batch size and length or at many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from protran.cli.carbon_options import CountryOption, GridIntensityOption, PueOption, named_grid
from protran.cli.deployment_options import PrecisionOption, RuntimeOption, ThreadsOption, deployed
from protran.cli.model_file import ModelName, TaskOfModel, find_model
from protran.cli.terminal import JsonFlag


def profile(
    model: ModelName,
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="A device to measure on: local, one of the fleet, or a simulated one such as sim:rpi4; repeatable."
        ),
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option(metavar="cuda[:N]", help="Run it on this machine's NVIDIA GPU (N as nvidia-smi counts)."),
    ] = None,
    batch: Annotated[
        list[int] | None, typer.Option(min=1, help="Sequences per call; may be repeated. (default: 1)")
    ] = None,
    length: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Tokens or samples per sequence; may be repeated. (default: the model's own)"),
    ] = None,
    workload: Annotated[
        str, typer.Option(metavar="KIND", help="What a call is: inference, or training-step (torch only).")
    ] = "inference",
    micro_batches: Annotated[
        int, typer.Option(min=1, metavar="M", help="Equal parts of a training step's batch; gradients accumulate.")
    ] = 1,
    precision: PrecisionOption = None,
    runtime: RuntimeOption = None,
    threads: ThreadsOption = None,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Independent measurements.")] = 1,
    task: TaskOfModel = "watch",
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw a sweep of batch or length (.png, .svg or .pdf).", dir_okay=False),
    ] = None,
    power_trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keep the power over time (.png, .svg, .pdf, .csv or .json).", dir_okay=False
        ),
    ] = None,
    country: CountryOption = None,
    grid_intensity: GridIntensityOption = None,
    pue: PueOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure one model: latency, memory, core-seconds, and energy where there is a sensor. Values are per call.

    Several --batch or --length make a sweep: every length at every batch size on every device, in one table.

    Example: protran profile bert-tiny --batch 8 --workload training-step --micro-batches 2
    """
    from protran.cli.profile_once import profile_once
    from protran.cli.profile_points import devices_with, input_specs_of, is_sweep, points_of, workloads_of
    from protran.cli.profile_question import Question
    from protran.cli.profile_sweep import profile_sweep
    from protran.errors import InputError

    grid = named_grid(country, grid_intensity, pue)
    calls = workloads_of(workload, batch, micro_batches)
    candidate, input_spec = find_model(model, task)
    candidate = deployed(candidate, precision, runtime, threads)
    calls[0].check_deployment(candidate.deployment)
    points = points_of(devices_with(accelerator, device), input_specs_of(input_spec, length), calls)
    question = Question(model, candidate, tuple(points), repeats, accelerator)
    if is_sweep(points):
        if power_trace is not None:
            raise InputError("--power-trace is of one call, got a sweep; give one --batch and one --length")
        profile_sweep(question, picture, grid=grid, as_json=as_json)
    else:
        if picture is not None:
            raise InputError("--picture draws a sweep, got one call; give --batch or --length more than once")
        profile_once(question, power_trace, grid=grid, as_json=as_json)
