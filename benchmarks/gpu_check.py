"""Checks on a machine with an NVIDIA GPU all that ProTran does with one, and says how well its figures repeat.

Usage: python benchmarks/gpu_check.py [--accelerator cuda] [--model bert-tiny] [--repeats 5] [--results DIR]

Needs the extras gpu and zeus (pip install 'protran[gpu,zeus]') and a torch that was built for CUDA; takes some ten
minutes, on a machine that nobody else uses. It measures one preset several times with energy, the reference model as
often, the same window of work with Zeus, and asks for what must fail in one sentence. Writes gpu_check.json and prints
it as Markdown. Without a GPU it ends with one sentence and exit code 1.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from device_agents.agent import Agent
from device_agents.errors import DeviceError, RequestError
from device_agents.fleet.local_agent import local_agent
from device_agents.isolation import JobFailed, Limits
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.statistics import coefficient_of_variation
from device_agents.workload import Workload, WorkloadKind
from device_agents.zeus_check import cross_check
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.presets import preset

T = TypeVar("T")
RESULTS = Path(__file__).parent / "results"
NO_GPU = "no NVIDIA GPU was found; nothing was measured"
LIMITS = Limits(time_s=600.0)
ZEUS_S = 15.0
LITTLE_BYTES = 3 * 10**6
"""Less than the weights of bert-tiny; the smallest presets would fit."""
COLUMNS = ("latency_s", "latency_ratio", "energy_j", "dynamic_energy_j", "idle_power_w", "peak_power_w")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        agent = local_agent("gpu", accelerator=options.accelerator)
    except (DeviceError, RequestError) as error:
        print(f"{NO_GPU}: {error}", file=sys.stderr)
        return 1
    with contextlib.closing(agent):
        try:
            report = checked(agent, options.model, options.repeats)
        except JobFailed as failure:
            print(f"the GPU cannot be measured on: {failure.reason}", file=sys.stderr)
            return 1
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "gpu_check.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(as_markdown(report))
    return 0 if all(found["as_expected"] for found in report["deployments"]) else 1


def checked(agent: Agent, model: str, repeats: int) -> dict[str, Any]:
    """Returns all that was found, as JSON."""
    references = [told(f"reference {repeat + 1}/{repeats}", agent.calibrate) for repeat in range(repeats)]
    agent.lean_on(sorted(references, key=lambda found: found.latency_s)[repeats // 2])
    measurements = [
        told(f"measurement {repeat + 1}/{repeats}", functools.partial(profiled, agent, model, repeat=repeat))
        for repeat in range(repeats)
    ]
    rows = [row_of(measurement) for measurement in measurements]
    return {
        "device": agent.info().to_json(),
        "model": model,
        "repeats": repeats,
        "meter": next((measurement.meter for measurement in measurements if measurement.meter), ""),
        "reference_latency_s": [found.latency_s for found in references],
        "reference_contended": [found.contended for found in references],
        "rows": rows,
        "spread": {"reference_latency_s": spread([found.latency_s for found in references]), **spreads(rows)},
        "zeus": told("beside Zeus", functools.partial(against_zeus, agent, model)),
        "deployments": deployments(agent, model),
    }


def told(what: str, work: Callable[[], T]) -> T:
    """Returns what the work gives; says on standard error what is done and how long it took."""
    begun_s = time.monotonic()
    found = work()
    print(f"{what}: {time.monotonic() - begun_s:.1f} s", file=sys.stderr, flush=True)
    return found


def profiled(
    agent: Agent,
    model: str,
    *,
    repeat: int = 0,
    deployment: Deployment | None = None,
    workload: Workload | None = None,
    limits: Limits = LIMITS,
    energy: bool = True,
) -> Measurement:
    candidate, input_spec = preset(model)
    if deployment is not None:
        candidate = dataclasses.replace(candidate, deployment=deployment)
    request = ProfileRequest(candidate, input_spec, workload or Workload(), agent.identity, repeat)
    return agent.profile(request, limits, energy=energy)


def row_of(measurement: Measurement) -> dict[str, Any]:
    """Returns one measurement's figures; None for what was not measured."""
    values = {name: value.value for name, value in measurement.values.items()}
    known = {**measurement.details, **values}
    return {
        "status": measurement.status.value,
        "reason": measurement.reason,
        "flags": list(measurement.flags),
        **{name: known.get(name) for name in (*COLUMNS, "peak_cuda_bytes", "counter_difference_percent")},
        "temperature_after_celsius": known.get("temperature_after_celsius"),
    }


def spreads(rows: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Returns the coefficient of variation of each column over the measurements that count."""
    good = [row for row in rows if row["status"] == MeasurementStatus.OK.value]
    return {name: spread([row[name] for row in good]) for name in COLUMNS}


def spread(values: Sequence[float | None]) -> float | None:
    """Returns the coefficient of variation; None for fewer than two values, or where one was not measured."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or len(known) < len(values) or not sum(known):
        return None
    return coefficient_of_variation(known)


def against_zeus(agent: Agent, model: str) -> dict[str, Any]:
    """Returns our energy and Zeus's of one window in which profiles ran; or why there is none."""

    def work() -> None:
        end_s = time.monotonic() + ZEUS_S
        while time.monotonic() < end_s:
            profiled(agent, model, energy=False)

    try:
        return cross_check(work).to_json()
    except DeviceError as error:
        return {"missing": str(error)}


def deployments(agent: Agent, model: str) -> list[dict[str, Any]]:
    """Returns what became of other ways to run the model, and of what has to fail in one sentence."""
    steps = Workload(WorkloadKind.TRAINING_STEP, batch_size=4, micro_batches=2)
    good, bad = MeasurementStatus.OK, MeasurementStatus.FAILED
    asked: list[tuple[str, MeasurementStatus, str, dict[str, Any]]] = [
        ("bf16", good, "", {"deployment": Deployment(Precision.BF16)}),
        ("fp16", good, "", {"deployment": Deployment(Precision.FP16)}),
        ("training step", good, "", {"workload": steps}),
        ("batch of 64", good, "", {"workload": Workload(batch_size=64)}),
        ("too little memory", bad, "out of memory", {"limits": Limits(600.0, LITTLE_BYTES)}),
        ("too little time", bad, "timed out", {"limits": Limits(0.5)}),
        ("onnxruntime", bad, "runtime torch", {"deployment": Deployment(runtime=Runtime.ONNXRUNTIME)}),
        ("after the failures", good, "", {}),
    ]
    found = []
    for name, status, words, options in asked:
        measurement = told(name, functools.partial(profiled, agent, model, energy=False, **options))
        as_expected = measurement.status is status and words in measurement.reason
        found.append({"what": name, "as_expected": as_expected, **row_of(measurement)})
    return found


def as_markdown(report: dict[str, Any]) -> str:
    facts, gpu = report["device"]["facts"], report["device"]["facts"]["accelerator"]
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores, {facts['operating_system']}, Python "
        f"{facts['python']}, torch {facts['torch']}; {gpu['name']}, driver {gpu['driver'] or 'unknown'}",
        f"Model {report['model']}, {report['repeats']} repeats; meter: {report['meter'] or 'none, no joules'}",
        "",
        "| run | " + " | ".join(COLUMNS) + " | status | flags |",
        "|---" * (len(COLUMNS) + 3) + "|",
    ]
    for number, row in enumerate(report["rows"], start=1):
        cells = [shown(row[name]) for name in COLUMNS]
        ended = f"{row['status']} {row['reason']}".strip()
        lines.append(f"| {number} | {' | '.join(cells)} | {ended} | {', '.join(row['flags']) or '-'} |")
    lines += ["", "| quantity | coefficient of variation |", "|---|---|"]
    lines += [f"| {name} | {percent(value)} |" for name, value in report["spread"].items()]
    zeus = report["zeus"]
    agreement = f"{zeus['ratio']:.4f} of Zeus's energy in {zeus['duration_s']:.1f} s" if "ratio" in zeus else None
    lines += ["", f"Zeus: {agreement or 'not compared: ' + zeus['missing']}", ""]
    lines += ["| what | as expected | status | reason | peak GPU memory, bytes |", "|---|---|---|---|---|"]
    for row in report["deployments"]:
        right = "yes" if row["as_expected"] else "**no**"
        memory = shown(row["peak_cuda_bytes"])
        lines.append(f"| {row['what']} | {right} | {row['status']} | {row['reason'] or '-'} | {memory} |")
    return "\n".join(lines)


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def percent(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.2f} %"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accelerator", default="cuda", help="cuda, cuda:N or cuda:GPU-UUID (default cuda)")
    parser.add_argument("--model", default="bert-tiny", help="a preset (default bert-tiny)")
    parser.add_argument("--repeats", type=int, default=5, help="measurements with energy (default 5)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where gpu_check.json goes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
