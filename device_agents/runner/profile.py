"""The entry of the runner process: JSON in, JSON out.

It runs on Python 3.10 and newer. Torch is imported when the process warms up, after the environment is right for it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from device_agents.accelerator import refusal
from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError, RequestError
from device_agents.measurement import ProfileRequest
from device_agents.meters.base import Meter
from device_agents.meters.registry import open_meter
from device_agents.meters.spec import MeterSpec
from device_agents.nvml_throttling import machine_with_gpu
from device_agents.procedure import LatencyPass
from device_agents.reference import BASE, ReferenceLatency, ReferenceSize, reference_model, reference_size
from device_agents.runner.executor import Executor
from device_agents.runner.measure import Bench, measure
from device_agents.sampler import Subject
from device_agents.sampling_plan import LatencyPlan
from device_agents.throttling import Throttling, read_throttling
from device_agents.workload import Workload
from search_spaces.deployment import Runtime

WARM_CALLS = 20
CALIBRATION_PLAN = LatencyPlan(budget_cpu_s=1.0)
CALIBRATION_ATTEMPTS = 3
SPIN_UP_S = 1.0
"""An accelerator raises its clock when it has work; its reference is called for so long before it is timed alone."""


def warm_up() -> None:
    """Imports torch and builds the base reference, so that forked children begin with both.

    On the processor, also where jobs will run on a GPU: CUDA must not be initialised before the fork.
    """
    reference = _reference(BASE, None)
    reference.prepare()  # one thread: a pool of threads would not survive the fork
    for _ in range(WARM_CALLS):
        reference.call()


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers one question, asked as a JSON object.

    ``{"request": ProfileRequest, "reference": ReferenceLatency or None, "meter": MeterSpec (optional), "keep_trace":
    bool (optional)}`` is answered with a Measurement, made beside the reference of the candidate's size, which carries
    its power trace where that is to be kept; ``{"calibrate": null}`` with the ReferenceLatency of the base reference,
    and ``{"calibrate": ReferenceSize, "base": ReferenceLatency}`` with that of another size, measured as a ratio to
    the base. Beside any of them ``"accelerator"`` (see `Accelerator.payload`) names the GPU that runs all models.

    Raises:
        RequestError: the payload is neither, or its workload is not one that the candidate's deployment runs.
        SpaceError: the request's candidate or input spec is not valid, or is not one that its runtime runs.
        DeviceError: there is no such meter or accelerator, or the candidate's runtime is not installed.
        MemoryError: the candidate does not fit (torch raises a RuntimeError that says so).
    """
    if "calibrate" not in payload and "request" not in payload:
        raise RequestError(f"a runner expects a request or calibrate, got {', '.join(sorted(payload)) or 'nothing'}")
    executor = _executor(payload.get("accelerator"))
    with contextlib.nullcontext() if executor is None else executor.telling_memory():
        if "request" in payload:
            return _profile(payload, executor)
        size = payload["calibrate"]
        found = _calibrate_base(executor) if size is None else _calibrate(size, payload["base"], executor)
        return found.to_json()


def _executor(told: Mapping[str, Any] | None) -> Executor | None:
    if told is None:
        return None
    from device_agents.runner.cuda import open_executor  # noqa: PLC0415 - torch is imported where it is needed

    return open_executor(told)


def _profile(payload: Mapping[str, Any], executor: Executor | None) -> dict[str, Any]:
    request = ProfileRequest.from_json(payload["request"])
    request.workload.check_deployment(request.candidate.deployment)
    if executor is not None and (reason := refusal(request.candidate.deployment)):
        raise RequestError(reason)
    size = reference_size(request.candidate, request.input_spec, request.workload)
    latency = payload.get("reference")
    clock = SystemClock()
    meter = _meter(MeterSpec.from_json(payload.get("meter", {})), clock)
    try:
        bench = Bench(
            clock=clock,
            reference=_reference(size, executor),
            load=functools.partial(_load, executor=executor),
            meter=meter,
            reference_latency=None if latency is None else ReferenceLatency.from_json(latency),
            throttling=_throttling(payload.get("accelerator")),
            keep_trace=payload.get("keep_trace") is True,
            executor=executor,
        )
        return measure(request, bench).to_json()
    finally:
        if meter is not None:
            meter.close()


def _throttling(told: Mapping[str, Any] | None) -> Callable[[], Throttling]:
    return read_throttling if told is None else functools.partial(machine_with_gpu, told["uuid"], read_throttling)


def _meter(spec: MeterSpec, clock: SystemClock) -> Meter | None:
    """Returns the sensor; None where it does not answer: the latency shall not be lost with it."""
    try:
        return open_meter(spec, clock)
    except DeviceError:
        return None


def _calibrate_base(executor: Executor | None) -> ReferenceLatency:
    """Returns the first clean latency of a few attempts, or, if others never let go of the machine, the lowest."""
    reference = _reference(BASE, executor)
    if executor is not None:
        _spin_up(reference, SystemClock())
    attempts = []
    for seed in range(CALIBRATION_ATTEMPTS):
        found = LatencyPass(SystemClock(), CALIBRATION_PLAN, random.Random(seed)).alone(reference)
        if not found.contended:
            return found
        attempts.append(found)
    return min(attempts, key=lambda found: found.latency_s)


def _spin_up(reference: Subject, clock: Clock) -> None:
    end_s = clock.wall_s() + SPIN_UP_S
    while clock.wall_s() < end_s:
        reference.call()


def _calibrate(size: Sequence[int], base: Mapping[str, Any], executor: Executor | None) -> ReferenceLatency:
    """Returns the latency of another reference: alone it might meet the machine in another state than the base did."""
    reference, of_base = _reference(ReferenceSize.from_json(size), executor), _reference(BASE, executor)
    found = LatencyPass(SystemClock(), LatencyPlan(), random.Random(0)).paired(reference, of_base)
    return ReferenceLatency.from_json(base).times(found.ratio.value, found.ratio.stderr)


@functools.cache
def _reference(size: ReferenceSize, executor: Executor | None) -> Subject:
    """Returns a reference model, built once per process."""
    # No default for the executor: the cache would not take it for the same as None that is given.
    candidate, input_spec = reference_model(size)
    return _load(ProfileRequest(candidate, input_spec, Workload(), device_identity=""), executor)


def _load(request: ProfileRequest, executor: Executor | None = None) -> Subject:
    # Threads that spin while they wait make two-thread timings 10 to 100 times longer; OpenMP reads this at its start.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if request.candidate.deployment.runtime is Runtime.ONNXRUNTIME:
        from device_agents.runner import onnx_runtime  # noqa: PLC0415 - only where it is needed

        return onnx_runtime.load_subject(request.candidate, request.input_spec, request.workload)
    from device_agents.runner import torch_runtime  # noqa: PLC0415 - the environment comes first

    return torch_runtime.load_subject(request.candidate, request.input_spec, request.workload, executor)
