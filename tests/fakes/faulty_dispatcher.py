"""A dispatcher to which things happen: workers and results are lost, devices go away, the controller is killed."""

from __future__ import annotations

import random
from collections import Counter, deque
from enum import Enum

from device_agents.device import DeviceInfo
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob


class Fault(Enum):
    WORKER_LOST = "worker lost"
    DEVICE_GONE = "device gone"
    RESULT_LOST = "result lost, job answered twice"
    CONTROLLER_KILLED = "controller killed"
    ANSWERED_AGAIN = "answer delivered twice"


class ControllerKilled(BaseException):
    """Stands for the end of the process: nothing in the program catches it."""


class Faults:
    """So many faults of each kind, at random answers; they and what is on its way outlive the controller."""

    def __init__(self, of_each: int, answers: int, seed: int) -> None:
        source = random.Random(seed)
        kinds = list(Fault) * of_each
        source.shuffle(kinds)
        self._plan = dict(zip(source.sample(range(answers), len(kinds)), kinds, strict=True))
        self._due: deque[Fault] = deque()
        self._answers = 0
        self.happened: Counter[Fault] = Counter()
        self.late: deque[JobResult] = deque()
        self.losers: set[str] = set()

    def next(self, job: Job) -> Fault | None:
        """Returns what happens to the next answer; a fault that cannot happen to this job waits for another one."""
        if self._answers in self._plan:
            self._due.append(self._plan[self._answers])
        self._answers += 1
        for fault in self._due:
            if self._can_happen(fault, job):
                self._due.remove(fault)
                self.happened[fault] += 1
                return fault
        return None

    def _can_happen(self, fault: Fault, job: Job) -> bool:
        if fault is Fault.WORKER_LOST:  # to lose it twice is an answer: it cannot be measured
            return job.job_id not in self.losers
        return fault is not Fault.DEVICE_GONE or isinstance(job, ProfileJob)


class FaultyDispatcher(Dispatcher):
    """Hands jobs to `inner`, and `faults` happen to the answers. A device that is gone is back in the next process."""

    def __init__(self, inner: Dispatcher, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults
        self._jobs: dict[str, Job] = {}
        self._away: set[str] = set()
        self._mislaid: dict[str, JobResult] = {}

    def devices(self) -> tuple[DeviceInfo, ...]:
        return self._inner.devices()

    def submit(self, job: Job) -> None:
        self._jobs[job.job_id] = job
        self._inner.submit(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        if self._faults.late:
            return self._faults.late.popleft()
        result = self._inner.next_result(timeout_s)
        if result is None:
            return None
        job = self._jobs[result.job_id]
        if isinstance(job, ProfileJob) and job.request.device_identity in self._away:
            return _gone(job)
        if job.job_id in self._mislaid:
            self._faults.late.append(self._mislaid.pop(job.job_id))
            return result
        return self._after(self._faults.next(job), job, result)

    def _after(self, fault: Fault | None, job: Job, result: JobResult) -> JobResult | None:
        if fault is Fault.WORKER_LOST:
            self._faults.losers.add(job.job_id)
            return JobResult(job.job_id, failure="lost: the worker died during the job", lost=True)
        if fault is Fault.DEVICE_GONE and isinstance(job, ProfileJob):
            self._away.add(job.request.device_identity)
            return _gone(job)
        if fault is Fault.CONTROLLER_KILLED:
            self._faults.late.append(result)  # it arrives in the next process, which may not have asked yet
            raise ControllerKilled
        if fault is Fault.RESULT_LOST:
            self._mislaid[job.job_id] = result
            self._inner.submit(job)
            return None
        if fault is Fault.ANSWERED_AGAIN:
            self._faults.late.append(result)
        return result

    def pending(self) -> int:
        return self._inner.pending()

    def close(self) -> None:
        self._inner.close()


def _gone(job: ProfileJob) -> JobResult:
    reason = f"lost: device {job.request.device_identity} has been away for 181 s"
    return JobResult(job.job_id, failure=reason, lost=True, gone=True)
