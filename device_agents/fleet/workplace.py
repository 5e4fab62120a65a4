"""Where jobs run: one machine, or one device of the fleet, as a dispatcher sees it."""

from __future__ import annotations

import dataclasses
import time
from abc import ABC, abstractmethod
from typing import Any

from device_agents.device import DeviceInfo
from device_agents.fleet.base import Job, JobResult
from device_agents.fleet.outcome import describe
from device_agents.fleet.ray_actor import ActorPlace, Run
from device_agents.fleet.wire import job_text

START_S = 180.0
"""Until a worker that was just asked for must answer: a process start and some imports."""


class Workplace(ABC):
    """Queues jobs, starts them where they may run, and judges what it means when one gets no answer."""

    here: bool
    """Whether jobs here run on the machine of the controller, where those of another place would disturb them."""

    @abstractmethod
    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the devices here."""

    @abstractmethod
    def takes(self, job: Job) -> bool:
        """Tells whether a job belongs here."""

    @abstractmethod
    def add(self, job: Job) -> None:
        """Queues a job that belongs here."""

    @abstractmethod
    def start(self) -> tuple[Any, Run] | JobResult | None:
        """Starts the next job that may run now.

        Returns:
            Ray's reference to its answer, and the run; the failure of a job that cannot even be sent; or None.
        """

    @abstractmethod
    def ended(self, run: Run) -> None:
        """Notes that a run got its answer."""

    @abstractmethod
    def lost(self, run: Run, reason: str) -> JobResult | None:
        """Returns what becomes of a run whose worker died; None where that is not known yet, or it is tried again."""

    @abstractmethod
    def silent(self, run: Run) -> Run | JobResult | None:
        """Returns what becomes of a run that should have answered by now: a run with a later limit, or as `lost`."""

    @abstractmethod
    def tend(self) -> JobResult | None:
        """Looks after workers that are away. Returns the result of a job that is given up with them, one at a time."""

    @abstractmethod
    def pending(self) -> int:
        """Number of jobs here that wait, or whose fate is not decided; those that run are not counted."""

    @abstractmethod
    def wants_turn(self) -> bool:
        """Tells whether a job waits that could run now."""

    @abstractmethod
    def away(self) -> bool:
        """Tells whether `tend` should be called again soon, although nothing runs here."""

    @abstractmethod
    def close(self, busy: set[int]) -> list[Any]:
        """Forgets the queue and says goodbye; returns Ray's references to the farewells.

        Args:
            busy: ``id`` of the places that run something: they are not asked.
        """

    @abstractmethod
    def drop(self) -> None:
        """Lets go of its workers, after the farewells."""


def sent(job: Job, place: ActorPlace, grace_s: float) -> tuple[Any, Run] | JobResult:
    """Sends a job to the actor of a place."""
    try:
        text = job_text(job)
    except (TypeError, ValueError) as error:
        return JobResult(job.job_id, failure=describe(error))
    now_s = time.monotonic()
    place.busy = True
    reference = place.actor().run.remote(text)
    return reference, Run(job, place, now_s, now_s + job.limits.time_s + grace_s)


def no_answer(run: Run) -> JobResult:
    """Returns the result of a run whose worker is silent for too long."""
    reason = f"lost: the worker of the job gave no answer within {time.monotonic() - run.started_s:.0f} s"
    return JobResult(run.job.job_id, failure=reason, lost=True)


def later(run: Run, seconds: float) -> Run:
    """Returns a run that may be silent for longer."""
    return dataclasses.replace(run, late_s=time.monotonic() + seconds)
