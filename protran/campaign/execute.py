"""Doing the work of one step: ask, dispatch, record each answer as it comes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob, TaskJob
from device_agents.measurement import ProfileRequest
from protran.campaign.answers import evaluation_of, measurement_of
from protran.campaign.attempts import MOST_ATTEMPTS, Again, ask_for_profiles
from protran.campaign.events import Note, Observer, ProfileDone, StepStarted, TrainingDone
from protran.campaign.jobs import PendingJobs, device_of
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.work import profiles_of, trainings_of
from protran.config import Reuse
from protran.errors import CampaignError
from protran.ledger.evaluation import EvaluationStatus
from protran.ledger.ledger import Ledger
from protran.report.plural import how_many
from protran.tasks.errors import TaskError
from protran.tasks.registry import task_from_reference

ATTEMPTS = 2
"""Times that a job is tried which was lost with its worker or its device: what takes them along twice is infeasible. A
candidate's own failure is an answer, not a loss, and a cut link is neither: the dispatcher tries again by itself."""
POLL_S = 1.0
COOLING_S = 30.0
"""Pause before rejected profiles are measured again: most are rejected because their device had become too warm."""


class DevicesGoneError(CampaignError):
    """Devices did not come back. All other work of the step was done and recorded."""


class StepExecution:
    """Performs the steps of one campaign. Every answer is in the ledger before the next one is waited for.

    Args:
        problem: what the campaign is about.
        ledger: where answers are recorded.
        campaign_id: the campaign in it.
        dispatcher: who does the work.
        observer: is told what happens.
        sleep: waits so many seconds; what interrupts it (Ctrl-C) passes on at once.
    """

    def __init__(
        self,
        problem: Problem,
        ledger: Ledger,
        campaign_id: int,
        dispatcher: Dispatcher,
        observer: Observer,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._problem = problem
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._dispatcher = dispatcher
        self._observer = observer
        self._sleep = sleep
        self._attempts: Counter[str] = Counter()
        self._answers = 0
        self._answers_at_loss: dict[str, int] = {}
        self._introduced = False
        self._pending = PendingJobs(problem, ledger, campaign_id)

    def perform(self, number: int, step: StepPlan) -> None:
        """Asks for the step's work (again, if it was asked before) and returns when all of it is answered.

        Profiles whose measurement was rejected are asked for again, after everything else, as `attempts` says.

        Raises:
            LedgerError: an answer cannot be recorded; what was recorded stays.
            DevicesGoneError: jobs are left without an answer, because their devices did not come back.
            CampaignError: every job is lost with its worker, or the task's data has gone; nothing is recorded of it.
        """
        reuse = self._problem.config.reuse
        again = self._ask_for_profiles(step)
        for training in trainings_of(self._problem, step):
            self._ledger.request_training(
                self._campaign_id, training.training_key, training.to_json(), reuse=reuse is Reuse.ALL
            )
        jobs = self._pending.read()
        profiles = sum(isinstance(job, ProfileJob) for job in jobs)
        self._observer(StepStarted(step.phase, number, profiles, len(jobs) - profiles))
        gone: dict[str, str] = {}
        while jobs:
            self._prepare([again[job.job_id] for job in jobs if job.job_id in again])
            self._answer(jobs, gone)
            again = self._ask_for_profiles(step)
            jobs = [job for job in self._pending.read() if job.job_id in again and device_of(job) not in gone]
        if gone:
            raise DevicesGoneError(self._absence(gone))

    def _ask_for_profiles(self, step: StepPlan) -> dict[str, Again]:
        reuse = self._problem.config.reuse is not Reuse.NONE
        return ask_for_profiles(self._ledger, self._campaign_id, profiles_of(self._problem, step), reuse=reuse)

    def _prepare(self, again: Collection[Again]) -> None:
        """Says what is measured again and lets the devices cool, where there is such."""
        for item in again:
            name = self._name(item.request.device_identity)
            self._observer(
                Note(f"a measurement on {name} was rejected ({item.reason}); it is made again, {_still(item.attempt)}")
            )
        if again:
            self._sleep(COOLING_S)

    def _answer(self, jobs: Sequence[Job], gone: dict[str, str]) -> None:
        """Returns when each of `jobs` is recorded, or its device is gone: then that is added to `gone`, with why."""
        open_jobs = {job.job_id: job for job in jobs}
        for job in jobs:
            self._dispatcher.submit(job)
        while open_jobs:
            result = self._dispatcher.next_result(POLL_S)
            if result is None or result.job_id not in open_jobs:
                continue
            if result.gone:
                reason = result.failure or "a device is away"
                gone.setdefault(device_of(open_jobs.pop(result.job_id)), reason.removeprefix("lost: "))
            else:
                self._take(result, open_jobs)

    def _absence(self, gone: Mapping[str, str]) -> str:
        left = len(self._pending.read())
        return (
            f"{' and '.join(gone.values())}; {how_many(left, 'job')} of this step {'has' if left == 1 else 'have'} no "
            f"answer, all others are recorded; bring {'it' if len(gone) == 1 else 'them'} back and repeat the command "
            f"to go on"
        )

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
        measurement = measurement_of(request, result)
        self._introduce_devices()
        self._ledger.answer_profile(self._campaign_id, measurement)
        name = self._name(request.device_identity)
        self._observer(ProfileDone(request.candidate, measurement, name, result.wall_s))

    def _name(self, device_identity: str) -> str:
        return next(device.name for device in self._problem.devices if device.identity == device_identity)

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


def _still(attempt: int) -> str:
    left = MOST_ATTEMPTS - attempt
    return "for the last time" if left == 1 else f"at most {left} times"
