"""The agent of one device: requests in, measurements out. It knows no Ray and imports no torch."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from device_agents.accelerator import Accelerator, accelerator_fields, refusal
from device_agents.device import DeviceInfo
from device_agents.device_facts import facts_of_this_machine, facts_with_accelerator
from device_agents.environment import available_memory_bytes, device_identity
from device_agents.errors import DeviceError
from device_agents.exclusive import ExclusiveUse
from device_agents.isolation import FailureKind, JobFailed, Limits, WarmProcess
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.meters.spec import MeterSpec
from device_agents.reference import BASE, ReferenceLatency, ReferenceSize, reference_size

RUNNER_ENTRY = "device_agents.runner.profile"
MEMORY_SHARE = 0.8
"""Without a limit of its own, a candidate may take this share of the memory that is free when it starts."""
CALIBRATION_LIMITS = Limits(time_s=120.0)


class Runner(Protocol):
    """What answers payloads in a process of its own; `WarmProcess` is one."""

    def call(self, payload: Mapping[str, Any], limits: Limits | None = None) -> dict[str, Any]:
        """Returns the answer to `payload`. Raises `JobFailed` where there is none."""

    def close(self) -> None:
        """Ends the process."""


class Agent:
    """Owns one device: measures one candidate at a time, each in a process of its own.

    A candidate that crashes, hangs or eats all memory is a failed measurement, and the next one is measured as if
    nothing had happened. Seconds of all measurements share one reference latency: the one given, or else the one of
    the first `calibrate`, which happens by itself where it must. Two agents of one device never measure at once, not
    even in different processes of the machine: the later one waits. That holds for the processor and the GPU of one
    machine as well, which are two devices: they share power, heat, and the processor that feeds the GPU.

    Args:
        name: the name that the user gave the device, for example `local`.
        runner_python: interpreter that builds and runs models; this process's own, if not given.
        meter: which power sensor to use; none, if not given.
        reference: the base reference's latency in an earlier session, so that its seconds and these compare.
        runner: what answers payloads; a warm process, if not given.
        identity: the device's stable identity; this machine's, or its accelerator's, if not given.
        facts: tells what there is to know of the device, sensors included; read from this machine, if not given.
        accelerator: the GPU that runs the models; the processor, if not given.
    """

    def __init__(  # noqa: PLR0913 - each of them is by itself a way to make another agent
        self,
        name: str,
        *,
        runner_python: str | None = None,
        meter: MeterSpec | None = None,
        reference: ReferenceLatency | None = None,
        runner: Runner | None = None,
        identity: str | None = None,
        facts: Callable[[], Mapping[str, Any]] | None = None,
        accelerator: Accelerator | None = None,
    ) -> None:
        self.name = name
        self._accelerator = accelerator
        if accelerator is None:
            self.identity = identity or device_identity()
            self._facts = facts or facts_of_this_machine
            self._exclusive = ExclusiveUse(self.identity)
        else:
            self.identity = identity or device_identity(executes=accelerator.executes)
            self._facts = facts or functools.partial(facts_with_accelerator, accelerator)
            self._exclusive = ExclusiveUse(device_identity())  # the machine's: its processor is not to be measured now
        self._meter = meter or MeterSpec()
        self._reference = reference
        self._others: dict[ReferenceSize, ReferenceLatency] = {}
        self._runner = runner or WarmProcess(RUNNER_ENTRY, python=runner_python or sys.executable)

    @property
    def reference(self) -> ReferenceLatency | None:
        """The base reference's latency, which seconds lean on; None before the first calibration."""
        return self._reference

    def profile(
        self,
        request: ProfileRequest,
        limits: Limits | None = None,
        *,
        energy: bool = True,
        keep_trace: bool = False,
    ) -> Measurement:
        """Returns the answer to `request`; a candidate that fails is a failed measurement with its reason.

        A measurement that could not be kept apart from those of other agents has the detail `unguarded`.

        Args:
            request: what to measure.
            limits: of time and memory; another agent that measures now is waited for as long as the time limit.
            energy: whether to use the power sensor; the pass that it needs takes about a minute.
            keep_trace: whether the measurement shall carry the power over time.

        Raises:
            JobFailed: of kind lost: the runner was lost or cannot even run the reference, or another agent kept the
                device, so that nothing is known of the candidate.
        """
        if request.device_identity != self.identity:
            reason = f"the request is for device {request.device_identity}, this is {self.identity}; ask that device"
            return _failed(request, reason)
        if self._accelerator is not None and (reason := refusal(request.candidate.deployment)):
            return _failed(request, reason)
        limits = limits or Limits()
        try:
            with self._exclusive.held(limits.time_s):
                found = self._measured(request, limits, energy=energy, keep_trace=keep_trace)
        except JobFailed as failure:
            if failure.kind is FailureKind.LOST:
                raise
            return _failed(request, failure.reason)
        except DeviceError as error:
            return _failed(request, str(error))
        return replace(found, details={**found.details, "unguarded": 1.0}) if self._exclusive.obstacle else found

    def calibrate(self) -> ReferenceLatency:
        """Measures the base reference alone, takes the result for all later seconds, and returns it.

        Raises:
            JobFailed: of kind lost: the runner cannot run even the reference model, or another agent kept the device.
        """
        with self._exclusive.held(CALIBRATION_LIMITS.time_s):
            return self._base()

    def lean_on(self, reference: ReferenceLatency) -> None:
        """Takes a latency of the base reference for all later seconds."""
        self._others.clear()
        self._reference = reference

    def _measured(self, request: ProfileRequest, limits: Limits, *, energy: bool, keep_trace: bool) -> Measurement:
        reference = self._beside(reference_size(request.candidate, request.input_spec, request.workload))
        payload = {
            "request": request.to_json(),
            "reference": reference.to_json(),
            "meter": (self._meter if energy else MeterSpec()).to_json(),
            "keep_trace": keep_trace,
        }
        return Measurement.from_json(self._answered(payload, limits))

    def _answered(self, payload: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        """Returns the runner's answer; a lack of memory on the GPU is told as such. Raises `JobFailed`."""
        free_bytes = available_memory_bytes()
        if self._accelerator is None:
            return self._runner.call(payload, limits.bounded(free_bytes, MEMORY_SHARE))
        limits, gpu_bytes = self._accelerator.limits(limits, free_bytes, MEMORY_SHARE)
        try:
            return self._runner.call({**payload, **accelerator_fields(self._accelerator, gpu_bytes)}, limits)
        except JobFailed as failure:
            raise self._accelerator.explained(failure) from failure

    def _base(self) -> ReferenceLatency:
        self._others.clear()
        self._reference = self._calibrated({"calibrate": None})
        return self._reference

    def _beside(self, size: ReferenceSize) -> ReferenceLatency:
        """Returns the latency of the reference of one size; measures it if nobody has asked for it yet."""
        base = self._reference or self._base()
        if size == BASE:
            return base
        if size not in self._others:
            self._others[size] = self._calibrated({"calibrate": size.to_json(), "base": base.to_json()})
        return self._others[size]

    def _calibrated(self, payload: Mapping[str, Any]) -> ReferenceLatency:
        try:
            whole = {**payload, **accelerator_fields(self._accelerator)}
            return ReferenceLatency.from_json(self._runner.call(whole, CALIBRATION_LIMITS))
        except JobFailed as failure:
            reason = f"device {self.name} cannot run the reference model: {failure.reason}; run `protran doctor`"
            raise JobFailed(FailureKind.LOST, reason, failure.detail) from failure

    def info(self) -> DeviceInfo:
        """Returns what there is to know of the device, without measuring anything."""
        facts: dict[str, Any] = {
            **self._facts(),
            "meter": self._meter.kind.value,
        }
        if self._reference is not None:
            facts["reference"] = self._reference.to_json()  # what `reference` of a later session takes
            facts["reference_latency_s"] = self._reference.latency_s
            facts["reference_stderr_s"] = self._reference.stderr_s
            facts["reference_contended"] = self._reference.contended
        if self._exclusive.obstacle:
            facts["unguarded"] = self._exclusive.obstacle
        return DeviceInfo(self.name, self.identity, "ready", facts)

    def close(self) -> None:
        """Ends the runner. May be called twice."""
        self._runner.close()


def _failed(request: ProfileRequest, reason: str) -> Measurement:
    return Measurement(
        request_id=request.request_id,
        device_identity=request.device_identity,
        status=MeasurementStatus.FAILED,
        reason=reason,
        started_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
