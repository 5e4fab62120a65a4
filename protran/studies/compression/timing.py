"""Times a deployed file: by the product's paired procedure beside the reference model, and by a plain loop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from device_agents.clock import SystemClock
from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.exclusive import ExclusiveUse
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance
from device_agents.meters.base import Meter
from device_agents.meters.registry import open_meter
from device_agents.meters.spec import MeterSpec
from device_agents.reference import ReferenceLatency, reference_model, reference_size
from device_agents.runner import profile, torch_runtime
from device_agents.runner.measure import Bench, measure
from device_agents.runner.onnx_runtime import open_session
from device_agents.sampler import Subject
from device_agents.throttling import read_throttling
from device_agents.workload import Workload
from protran.training.weights import load_weights
from search_spaces.candidate import Candidate
from search_spaces.deployment import Runtime
from search_spaces.input_spec import InputSpec
from search_spaces.models import example_input
from search_spaces.models.onnx import INPUTS, LOGITS
from search_spaces.pruning import deployed_architecture

LOOP_WINDOWS = 256
"""Of the plain loop."""
PATIENCE_S = 600.0
"""How long another program that measures on this machine is waited for."""


def timed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what one timing job found, with the latencies of the reference models that it leaned on.

    Args:
        payload: ``{"file", "candidate", "input_spec", "repeat", "meter", "references"}``; ``references`` are the
            latencies of earlier jobs by size, which this one leans on, so that all have one scale.

    Raises:
        TrainingError, SpaceError, DeviceError: the file cannot be run.
        JobFailed: another program keeps the machine.
    """
    candidate = Candidate.from_json(json.loads(payload["candidate"]))
    spec, identity = InputSpec.from_json(payload["input_spec"]), device_identity()
    request = ProfileRequest(candidate, spec, Workload(), identity, payload["repeat"])
    path, references = Path(payload["file"]), dict(payload["references"])
    with ExclusiveUse(identity).held(PATIENCE_S), _metering(MeterSpec.from_json(payload["meter"])) as meter:
        bench = Bench(
            clock=SystemClock(),
            reference=torch_runtime.load_subject(*reference_model(_size(request)), Workload()),
            load=lambda _: subject_of(path, candidate, spec),
            meter=meter,
            reference_latency=_reference(request, references),
            throttling=read_throttling,
        )
        measured = measure(request, bench)
        loop_s = _loop_s(caller_of(path, candidate, spec), spec, candidate.deployment.threads)
    return {**_figures(measured), "loop_s": loop_s, "references": references}


@contextmanager
def _metering(spec: MeterSpec) -> Iterator[Meter | None]:
    """Gives the sensor; None where it does not answer: the latency shall not be lost with it."""
    try:
        meter = open_meter(spec, SystemClock())
    except DeviceError:
        yield None
        return
    try:
        yield meter
    finally:
        meter.close()


def subject_of(path: Path, candidate: Candidate, spec: InputSpec) -> Subject:
    """Returns a deployed file as a model that is ready to be called on one window."""
    call, threads = caller_of(path, candidate, spec), candidate.deployment.threads
    window = example_input(spec, 1, torch_runtime.INPUT_SEED)
    return Subject(
        partial(call, window),
        prepare=partial(_use_threads, threads),
        parallel=threads > 1,
        renew=lambda: subject_of(path, candidate, spec),
    )


def caller_of(path: Path, candidate: Candidate, spec: InputSpec) -> Callable[[torch.Tensor], object]:
    """Returns the function that runs a deployed file on one window, in the runtime of the candidate."""
    if candidate.deployment.runtime is Runtime.ONNXRUNTIME:
        session = open_session(path.read_bytes(), candidate.deployment.threads)
        return lambda window: session.run([LOGITS], {INPUTS: window.numpy()})
    numbers = torch_runtime.NUMBERS[candidate.deployment.precision]
    model = load_weights(path, deployed_architecture(candidate), spec)[0].to(numbers)
    return torch.inference_mode()(lambda window: model(window.to(numbers)))


def _loop_s(call: Callable[[torch.Tensor], object], spec: InputSpec, threads: int) -> float:
    """Returns wall seconds for each window of a plain loop over windows, as the study took its proxy: no warm-up."""
    windows = torch.split(example_input(spec, LOOP_WINDOWS, torch_runtime.INPUT_SEED), 1)
    _use_threads(threads)
    began_s = time.perf_counter()
    for window in windows:
        call(window)
    return (time.perf_counter() - began_s) / LOOP_WINDOWS


def _size(request: ProfileRequest) -> Any:
    return reference_size(request.candidate, request.input_spec, request.workload)


def _reference(request: ProfileRequest, references: dict[str, Any]) -> ReferenceLatency:
    """Returns the latency of the reference of the request's size; measured, and noted, where it is not known yet."""
    if "base" not in references:
        references["base"] = profile.handle({"calibrate": None})
    size = _size(request).to_json()
    name = "x".join(map(str, size))
    if name not in references:
        references[name] = profile.handle({"calibrate": size, "base": references["base"]})
    return ReferenceLatency.from_json(references[name])


def _figures(measured: Measurement) -> dict[str, Any]:
    """Returns the parts of a measurement that a row holds; what is unavailable is None."""
    latency, energy = measured.values["latency_s"], measured.values["energy_j"]
    return {
        "status": measured.status.value,
        "reason": measured.reason if measured.status is not MeasurementStatus.OK else "",
        "latency_s": latency.value,
        "latency_stderr_s": latency.stderr,
        "core_seconds": measured.values["core_seconds"].value,
        "energy_j": energy.value,
        "energy_provenance": energy.provenance.value if energy.provenance is not Provenance.UNAVAILABLE else "",
        "flags": " ".join(measured.flags),
    }


def _use_threads(threads: int) -> None:
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
