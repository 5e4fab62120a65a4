"""Doing the work of one step: ask, dispatch, record each answer as it comes."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob, TaskJob
from device_agents.isolation.limits import Limits
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from protran.campaign.events import Note, Observer, ProfileDone, StepStarted, TrainingDone
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.work import profiles_of, trainings_of, weights_folder
from protran.config import Reuse
from protran.errors import CampaignError
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.ledger import Ledger
from protran.tasks.errors import TaskError
from protran.tasks.registry import task_from_reference
from protran.training.request import ENTRY, TrainingRequest

ATTEMPTS = 3
"""Times that a job is tried which was lost with its worker; a candidate's own failure is an answer, not a loss."""
PROFILE_LIMITS = Limits(time_s=180.0)
TRAINING_LIMITS = Limits(time_s=3600.0)
POLL_S = 1.0


class StepExecution:
    """Performs the steps of one campaign. Every answer is in the ledger before the next one is waited for."""

    def __init__(
        self, problem: Problem, ledger: Ledger, campaign_id: int, dispatcher: Dispatcher, observer: Observer
    ) -> None:
        self._problem = problem
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._dispatcher = dispatcher
        self._observer = observer
        self._attempts: Counter[str] = Counter()
        self._answers = 0
        self._answers_at_loss: dict[str, int] = {}
        self._introduced = False
        self._weights_folder = weights_folder(problem, ledger.path.parent)

    def perform(self, number: int, step: StepPlan) -> None:
        """Asks for the step's work (again, if it was asked before) and returns when all of it is answered.

        Raises:
            LedgerError: an answer cannot be recorded; what was recorded stays.
            CampaignError: every job is lost with its worker, or the task's data has gone; nothing is recorded of it.
        """
        reuse = self._problem.config.reuse
        for request in profiles_of(self._problem, step):
            self._ledger.request_profile(self._campaign_id, request, reuse=reuse is not Reuse.NONE)
        for training in trainings_of(self._problem, step):
            self._ledger.request_training(
                self._campaign_id, training.training_key, training.to_json(), reuse=reuse is Reuse.ALL
            )
        jobs = self._pending_jobs()
        profiles = sum(isinstance(job, ProfileJob) for job in jobs)
        self._observer(StepStarted(step.phase, number, profiles, len(jobs) - profiles))
        open_jobs = {job.job_id: job for job in jobs}
        for job in jobs:
            self._dispatcher.submit(job)
        while open_jobs:
            result = self._dispatcher.next_result(POLL_S)
            if result is not None and result.job_id in open_jobs:
                self._take(result, open_jobs)

    def _pending_jobs(self) -> list[Job]:
        profiles = self._ledger.pending_profiles(self._campaign_id)
        trainings = self._ledger.pending_trainings(self._campaign_id)
        return [
            *(ProfileJob(request, PROFILE_LIMITS) for request in profiles),
            *(
                TaskJob(item.training_key, ENTRY, self._with_weights_folder(item.payload), TRAINING_LIMITS)
                for item in trainings
            ),
        ]

    def _with_weights_folder(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Adds where weights are kept, which is for this process to know: the ledger may be moved."""
        folder = self._weights_folder
        return payload if folder is None else {**payload, "weights_folder": str(folder.absolute())}

    def _take(self, result: JobResult, open_jobs: dict[str, Job]) -> None:
        """Records a result, or tries a lost job again.

        A job that is lost again and again while others are answered takes its worker with it: that is an answer. Where
        none is answered meanwhile, it is the device that needs help.
        """
        job = open_jobs.pop(result.job_id)
        self._attempts[job.job_id] += 1
        self._answers += not result.lost
        answers_at_loss = self._answers_at_loss.setdefault(job.job_id, self._answers) if result.lost else 0
        if result.lost and self._attempts[job.job_id] < ATTEMPTS:
            self._observer(Note(f"{result.failure or job.job_id}; trying again"))
            open_jobs[job.job_id] = job
            self._dispatcher.submit(job)
        elif result.lost and open_jobs and answers_at_loss == self._answers:
            raise CampaignError(
                f"no job is answered any more: {result.failure or 'workers are lost'}; nothing is lost: mend that and "
                f"repeat the command to go on"
            )
        elif isinstance(job, ProfileJob):
            self._record_profile(job.request, result)
        else:
            self._record_training(job, result)

    def _record_profile(self, request: ProfileRequest, result: JobResult) -> None:
        measurement = result.measurement or failed_measurement(request, result.failure or "no answer came")
        self._introduce_devices()
        self._ledger.answer_profile(self._campaign_id, measurement)
        name = next(d.name for d in self._problem.devices if d.identity == request.device_identity)
        self._observer(ProfileDone(request.candidate, measurement, name, result.wall_s))

    def _introduce_devices(self) -> None:
        """Records the devices before the first answer, once their reference latency is known.

        A resumed campaign needs it. A device that has none yet is not recorded: that would hide an earlier one.
        """
        if not self._introduced:
            found = [(info, info.facts.get("reference")) for info in self._dispatcher.devices()]
            for info, reference in found:
                if reference:
                    self._ledger.put_device(info, reference)
            self._introduced = bool(found) and all(reference for _, reference in found)

    def _record_training(self, job: TaskJob, result: JobResult) -> None:
        evaluation = evaluation_of(job, result)
        if evaluation.status is EvaluationStatus.FAILED:
            self._check_data()
        self._ledger.answer_training(self._campaign_id, evaluation)
        self._observer(TrainingDone(evaluation.candidate, evaluation, result.wall_s))

    def _check_data(self) -> None:
        """Raises `CampaignError` where the task's data has gone or changed: then no training can tell anything."""
        try:
            task_from_reference(self._problem.task)
        except TaskError as error:
            raise CampaignError(f"{error}; put it back and repeat the command to go on") from error


def failed_measurement(request: ProfileRequest, reason: str) -> Measurement:
    """Returns the row that says that a request could not be answered."""
    return Measurement(
        request.request_id, request.device_identity, MeasurementStatus.FAILED, reason=reason, started_at=_now()
    )


def evaluation_of(job: TaskJob, result: JobResult) -> Evaluation:
    """Returns the evaluation in a training job's result; a failure of the job is a failed evaluation.

    Raises:
        CampaignError: the worker answered something that is no evaluation.
    """
    if result.result is None:
        request = TrainingRequest.from_json(job.payload)
        evaluation = request.failed(result.failure or "no answer came", result.wall_s, _now(result.wall_s))
    else:
        try:
            evaluation = Evaluation.from_json(result.result)
        except (KeyError, TypeError, ValueError) as error:
            raise CampaignError(f"training {job.job_id}: the worker's answer is no evaluation ({error})") from error
    return dataclasses.replace(evaluation, training_key=job.job_id)  # a training asked anew has a key of its own


def _now(seconds_ago: float = 0.0) -> str:
    return datetime.fromtimestamp(time.time() - seconds_ago, UTC).isoformat(timespec="seconds")
