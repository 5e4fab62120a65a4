"""`protran profile`: measures one model on one device."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
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
    model: Annotated[
        str, typer.Argument(metavar="PRESET|FILE.json", help="A preset such as bert-tiny, or a candidate's file.")
    ],
    device: Annotated[str, typer.Option(help="The device to measure on.")] = "local",
    batch: Annotated[int, typer.Option(min=1, help="Sequences per call.")] = 1,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Independent measurements.")] = 1,
    task: Annotated[
        str, typer.Option(help="What a FILE.json without an input_spec reads: the input of this task.")
    ] = "watch",
    as_json: JsonFlag = False,
) -> None:
    """Measure one model: latency, memory, core-seconds, and energy where there is a sensor. Values are per call.

    Example: protran profile bert-tiny --batch 8
    """
    from device_agents.errors import DeviceError
    from device_agents.measurement import MeasurementStatus
    from device_agents.workload import Workload
    from protran.api import profile as measure

    candidate, input_spec = _find(model, task)
    workload = Workload(batch_size=batch)
    measurements = measure(candidate, input_spec, workload, device=device, repeats=repeats)
    good = [measurement for measurement in measurements if measurement.status is MeasurementStatus.OK]
    if as_json:
        print_json(_document(candidate, input_spec, workload, device, measurements, summarise(good)))
    if not good:
        raise DeviceError(f"{model} was not measured on {device}: {measurements[-1].reason}")
    if not as_json:
        _print(candidate, input_spec, workload, device, good)


def summarise(measurements: Sequence[Measurement]) -> dict[str, Value]:
    """Returns the mean of each quantity over the repeats; unavailable where one of them has none."""
    from device_agents.repeats import mean_of_repeats

    summary: dict[str, Value] = {}
    for name in dict.fromkeys(name for measurement in measurements for name in measurement.values):
        values = [measurement.values[name] for measurement in measurements if name in measurement.values]
        absent = [value for value in values if value.value is None]
        summary[name] = absent[0] if absent else mean_of_repeats(measurements, name) or values[0]
    return summary


def _find(model: str, task: str) -> tuple[Candidate, InputSpec]:
    from protran.errors import InputError
    from search_spaces.presets import preset, presets

    if model in presets():
        return preset(model)
    path = Path(model)
    if not path.exists() and path.suffix != ".json":
        near = difflib.get_close_matches(model, presets(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"model must be a JSON file or one of {', '.join(presets())}; got {model!r}{hint}")
    from protran.cli.model_file import read_model

    found = read_model(path)
    if found.input_spec is not None:
        return found.candidate, found.input_spec
    from protran.tasks.registry import load_task

    return found.candidate, load_task(task).input_spec


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
        "workload": {"kind": workload.kind.value, "batch_size": workload.batch_size},
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
    from protran.report.architecture_line import candidate_line
    from protran.units import format_with_error

    console = screen()
    averaged = "one measurement" if len(measurements) == 1 else f"mean of {len(measurements)} measurements"
    console.print(candidate_line(candidate), soft_wrap=True)
    console.print(
        f"{input_spec.kind.value} of length {input_spec.length}, batch {workload.batch_size}, on {harmless(device)}; "
        f"per call, {averaged}"
    )
    for name, value in summarise(measurements).items():
        shown = "-" if value.value is None else format_with_error(value.value, value.stderr, _unit(name))
        console.print(f"  {_LABELS.get(name, name):<20} {shown:>20}  {value.provenance.value}")
    flags = sorted({flag for measurement in measurements for flag in measurement.flags})
    if flags:
        console.print(f"  flags: {', '.join(map(harmless, flags))}")


def _unit(name: str) -> str:
    from protran.quantities import Quantity
    from protran.units import Unit

    return Quantity(name).unit.value if name in {item.value for item in Quantity} else Unit.COUNT.value
