"""`protran profile`: measures one model, on one device or on several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.deployment_options import PrecisionOption, RuntimeOption, ThreadsOption, deployed
from protran.cli.model_file import ModelName, TaskOfModel, find_model
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from rich.console import Console

    from device_agents.measurement import Measurement, Value
    from device_agents.workload import Workload
    from search_spaces.candidate import Candidate
    from search_spaces.input_spec import InputSpec

_LABELS = {
    "latency_s": "latency",
    "latency_ratio": "latency / reference",
    "core_seconds": "core-seconds",
    "memory_bytes": "memory",
    "energy_j": "energy",
    "peak_power_w": "peak power",
    "peak_rss_bytes": "peak RSS",
}
_PER_SEQUENCE = ("latency_s", "core_seconds", "energy_j")


def profile(
    model: ModelName,
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="A device to measure on: local, or a simulated one such as sim:rpi4; may be repeated. (default: local)"
        ),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Sequences per call.")] = 1,
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
    as_json: JsonFlag = False,
) -> None:
    """Measure one model: latency, memory, core-seconds, and energy where there is a sensor. Values are per call.

    Example: protran profile bert-tiny --batch 8 --workload training-step --micro-batches 2
    """
    from device_agents.errors import DeviceError
    from device_agents.measurement import MeasurementStatus
    from device_agents.workload import Workload
    from protran.api import profile as measure
    from protran.cli.side_by_side import ratios_to_first

    call = Workload(workload, batch, micro_batches)  # type: ignore[arg-type]  # it reads the text of a kind
    candidate, input_spec = find_model(model, task)
    candidate = deployed(candidate, precision, runtime, threads)
    call.check_deployment(candidate.deployment)
    names = _devices(device)
    documents, good = [], []
    for name in names:
        measurements = measure(candidate, input_spec, call, device=name, repeats=repeats)
        good = [measurement for measurement in measurements if measurement.status is MeasurementStatus.OK]
        documents.append(_document(candidate, input_spec, call, name, measurements, summarise(good)))
    if as_json:
        several = {"devices": documents, "ratios": ratios_to_first(documents)}
        print_json(several if len(documents) > 1 else documents[0])
    if not any(document["values"] for document in documents):
        reason = documents[0]["measurements"][-1]["reason"]
        raise DeviceError(f"{model} was not measured on {' or '.join(names)}: {reason}")
    if as_json:
        return
    if len(documents) > 1:
        _print_several(candidate, input_spec, call, documents, repeats)
    else:
        _print(candidate, input_spec, call, names[0], good)


def _devices(names: list[str] | None) -> list[str]:
    """Returns the devices to measure on; several are checked before the first of them starts to work."""
    from protran.devices import LOCAL, check_known
    from protran.errors import InputError

    if names and len(names) > 1:
        check_known(names)
        if len(set(names)) != len(names):
            raise InputError(f"devices must differ, got {', '.join(names)}; ask for more --repeats instead")
    return names or [LOCAL]


def summarise(measurements: Sequence[Measurement]) -> dict[str, Value]:
    """Returns the mean of each quantity over the repeats; unavailable where one of them has none."""
    from device_agents.repeats import mean_of_repeats

    summary: dict[str, Value] = {}
    for name in dict.fromkeys(name for measurement in measurements for name in measurement.values):
        values = [measurement.values[name] for measurement in measurements if name in measurement.values]
        absent = [value for value in values if value.value is None]
        summary[name] = absent[0] if absent else mean_of_repeats(measurements, name) or values[0]
    return summary


def _document(
    candidate: Candidate,
    input_spec: InputSpec,
    workload: Workload,
    device: str,
    measurements: Sequence[Measurement],
    summary: dict[str, Value],
) -> dict[str, Any]:
    return {
        "key": candidate.key,
        **candidate.to_json(),
        "input_spec": input_spec.to_json(),
        "workload": {
            "kind": workload.kind.value,
            "batch_size": workload.batch_size,
            "micro_batches": workload.micro_batches,
        },
        "device": device,
        "values": {name: {**value.to_json(), "unit": _unit(name)} for name, value in summary.items()},
        "per_sequence": {
            name: summary[name].value / workload.batch_size  # type: ignore[operator]  # guarded by the condition
            for name in _PER_SEQUENCE
            if name in summary and summary[name].value is not None
        },
        "measurements": [measurement.to_json() for measurement in measurements],
    }


def _print(
    candidate: Candidate, input_spec: InputSpec, workload: Workload, device: str, measurements: Sequence[Measurement]
) -> None:
    from protran.report.workload_line import workload_line
    from protran.units import format_with_error

    console = screen()
    _print_heading(
        console, candidate, input_spec, f"{workload_line(workload)}, on {harmless(device)}", len(measurements)
    )
    for name, value in summarise(measurements).items():
        shown = "-" if value.value is None else format_with_error(value.value, value.stderr, _unit(name))
        console.print(f"  {_LABELS.get(name, name):<20} {shown:>20}  {value.provenance.value}")
    flags = sorted({flag for measurement in measurements for flag in measurement.flags})
    if flags:
        console.print(f"  flags: {', '.join(map(harmless, flags))}")


def _print_several(
    candidate: Candidate,
    input_spec: InputSpec,
    workload: Workload,
    documents: Sequence[dict[str, Any]],
    repeats: int,
) -> None:
    from protran.cli.side_by_side import comparison_table, remarks
    from protran.report.workload_line import workload_line

    console = screen()
    _print_heading(console, candidate, input_spec, workload_line(workload), repeats)
    console.print(comparison_table(documents))
    for line in remarks(documents):
        console.print(line)
    console.print(f"± is one standard error; x is the ratio to {harmless(documents[0]['device'])}.", style="dim")


def _print_heading(console: Console, candidate: Candidate, input_spec: InputSpec, what: str, measurements: int) -> None:
    from protran.report.architecture_line import candidate_line

    averaged = "one measurement" if measurements == 1 else f"mean of {measurements} measurements"
    console.print(candidate_line(candidate), soft_wrap=True)
    console.print(f"{input_spec.kind.value} of length {input_spec.length}, {what}; per call, {averaged}")


def _unit(name: str) -> str:
    from protran.quantities import Quantity
    from protran.units import Unit

    return Quantity(name).unit.value if name in {item.value for item in Quantity} else Unit.COUNT.value
