"""A problem on an invented device and trainer: costs follow from counts, errors from a formula. No model is built."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from device_agents.device import DeviceInfo
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob, TaskJob
from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.campaign.campaign import Campaign
from protran.campaign.charter import read_charter, write_charter
from protran.campaign.events import CampaignEvent
from protran.campaign.problem import Device, Problem
from protran.config import config_from_arguments
from protran.front import Front
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate

IDENTITY = "0123456789abcdef"
EFFORT = {
    "seed_candidates": 6,
    "learn_profiles": 4,
    "learn_batch": 2,
    "target_error": 1e-6,
    "search_rounds": 2,
    "search_batch": 2,
    "verify_limit": 3,
    "verify_seeds": 2,
}


class InventedDispatcher(Dispatcher):
    """Answers at once, from formulas. `spoil` may turn a job into a failure, or raise, before it is answered."""

    def __init__(self, spoil: Callable[[Job, int], str | None] | None = None) -> None:
        self._queue: list[Job] = []
        self._spoil = spoil
        self.answered: list[str] = []

    def devices(self) -> tuple[DeviceInfo, ...]:
        return (DeviceInfo("local", IDENTITY, "ready", {"cores": 2}),)

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
        return Measurement(job.job_id, request.device_identity, MeasurementStatus.FAILED, reason=failure)
    cost = count_candidate(request.candidate, request.input_spec)
    latency_s = 1e-4 * float(cost.depth) + 1e-10 * float(cost.macs)
    values = {"latency_s": Value(latency_s, 0.01 * latency_s, Provenance.SIMULATED)}
    return Measurement(job.job_id, request.device_identity, MeasurementStatus.OK, values=values)


def _evaluation(job: TaskJob) -> dict[str, object]:
    request = TrainingRequest.from_json(job.payload)
    parameters = float(count_candidate(Candidate(request.architecture), request.input_spec).parameters)
    accuracy = 0.95 - 1.0 / math.log(10 + parameters) + 0.001 * request.seed - 0.1 / request.fidelity.epochs
    metrics = {"validation_accuracy": accuracy, "test_accuracy": accuracy - 0.02}
    stderr = dict.fromkeys(metrics, 0.01)
    return {"status": "ok", "metrics": metrics, "stderr": stderr, "train_s": 1.0, "epochs": request.fidelity.epochs}


class Bench:
    """A ledger in a folder, and campaigns on it."""

    Dispatcher = InventedDispatcher

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[CampaignEvent] = []

    def ledger(self) -> Ledger:
        return Ledger.open(self.folder / "ledger.sqlite")

    def begin(self, ledger: Ledger, name: str = "invented", **fields: object) -> tuple[Problem, CampaignRecord]:
        """Returns a campaign's problem and record; makes the campaign where there is none."""
        known = {record.name: record for record in ledger.campaigns()}
        if name not in known:
            # random proposals are quick; the tests that are about the gradients ask for them
            given = {"name": name, "space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random"}
            given |= fields
            charter = write_charter(config_from_arguments(given), [Device("local", IDENTITY)])
            known[name] = ledger.create_campaign(name, charter, 0)
        return read_charter(known[name].config), known[name]

    def run(self, dispatcher: InventedDispatcher | None = None, name: str = "invented", **fields: object) -> Front:
        """Runs a campaign to its end, or as far as the dispatcher lets it."""
        with self.ledger() as ledger:
            problem, record = self.begin(ledger, name, **fields)
            workers = dispatcher or InventedDispatcher()
            return Campaign(problem, record, ledger, workers, self.events.append).run()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
