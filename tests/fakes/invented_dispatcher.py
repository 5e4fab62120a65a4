"""A device and a trainer that are invented: costs follow from counts, errors from a formula. No model is built."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from device_agents.device import DeviceInfo
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob, TaskJob
from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.ledger.evaluation import EvaluationStatus
from protran.training.request import TrainingRequest
from search_spaces.cost import count_candidate

IDENTITY = "0123456789abcdef"


class Rejection(str):
    """The reason of a measurement that is rejected, where a plain string is that of a failure."""


class InventedDispatcher(Dispatcher):
    """Answers at once, from formulas. `spoil` may turn a job into a failure, or raise, before it is answered."""

    def __init__(self, spoil: Callable[[Job, int], str | None] | None = None) -> None:
        self._queue: list[Job] = []
        self._spoil = spoil
        self.answered: list[str] = []

    def devices(self) -> tuple[DeviceInfo, ...]:
        return (DeviceInfo("local", IDENTITY, "ready", {"cores": 2, "reference": {"latency_s": 1e-3}}),)

    def submit(self, job: Job) -> None:
        self._queue.append(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        if not self._queue:
            return None
        job = self._queue.pop(0)
        failure = self._spoil(job, len(self.answered)) if self._spoil else None
        self.answered.append(job.job_id)
        if isinstance(job, ProfileJob):
            return JobResult(job.job_id, measurement=_measurement(job, failure))
        if failure is not None:
            return JobResult(job.job_id, failure=failure)
        return JobResult(job.job_id, result=_evaluation(job))

    def pending(self) -> int:
        return len(self._queue)

    def close(self) -> None:
        self._queue.clear()


def _measurement(job: ProfileJob, failure: str | None) -> Measurement:
    request = job.request
    if failure is not None:
        bad = MeasurementStatus.REJECTED if isinstance(failure, Rejection) else MeasurementStatus.FAILED
        return Measurement(job.job_id, request.device_identity, bad, reason=failure)
    cost = count_candidate(request.candidate, request.input_spec)
    latency_s = 1e-4 * float(cost.depth) + 1e-10 * float(cost.macs)
    values = {"latency_s": Value(latency_s, 0.01 * latency_s, Provenance.SIMULATED)}
    return Measurement(job.job_id, request.device_identity, MeasurementStatus.OK, values=values)


def _evaluation(job: TaskJob) -> dict[str, object]:
    request = TrainingRequest.from_json(job.payload)
    parameters = float(count_candidate(request.candidate, request.input_spec).parameters)
    accuracy = 0.95 - 1.0 / math.log(10 + parameters) + 0.001 * request.seed - 0.1 / request.fidelity.epochs
    accuracy -= 0.01 * request.deployment.precision.is_int8
    metrics = {"validation_accuracy": accuracy, "test_accuracy": accuracy - 0.02}
    if request.fidelity.refit:
        del metrics["validation_accuracy"]
    stderr = dict.fromkeys(metrics, 0.01)
    scored = {"status": EvaluationStatus.OK, "reason": "", "metrics": metrics, "stderr": stderr, "train_s": 1.0}
    return dataclasses.replace(request.failed("unscored"), **scored, epochs=request.fidelity.epochs).to_json()
