"""The dispatcher's contract: jobs go in, each comes back exactly once, as a result or as a recorded failure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from device_agents.device import DeviceInfo
from device_agents.isolation.limits import Limits
from device_agents.measurement import Measurement, ProfileRequest

__all__ = ["DeviceInfo", "Dispatcher", "Job", "JobResult", "Limits", "ProfileJob", "TaskJob"]


@dataclass(frozen=True)
class ProfileJob:
    """Measure one candidate on one device, which it gets exclusively.

    Attributes:
        request: what to measure.
        limits: time and memory.
        energy: whether to use the device's power sensor, if it has one.
        keep_trace: whether the measurement shall carry the power over time.
        asker: who asks, for ever the same text for the same campaign: where it asks a device of the fleet for the same
            request again, it gets the answer that it missed. Empty: measured anew each time.
    """

    request: ProfileRequest
    limits: Limits = field(default_factory=Limits)
    energy: bool = True
    keep_trace: bool = False
    asker: str = ""

    @property
    def job_id(self) -> str:
        """The request id."""
        return self.request.request_id


@dataclass(frozen=True)
class TaskJob:
    """Run ``entry.handle(payload)`` in an isolated process; used for training.

    Attributes:
        job_id: unique name of the job (a training_key).
        entry: importable module with a function ``handle(payload: dict) -> dict`` (JSON in, JSON out).
        payload: the JSON object that `handle` gets.
        limits: time and memory.
    """

    job_id: str
    entry: str
    payload: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)


Job = ProfileJob | TaskJob


@dataclass(frozen=True)
class JobResult:
    """What became of a job: a measurement, a task's result, or a failure with its reason (exactly one of the three).

    Attributes:
        job_id: the job that this answers.
        measurement: for a `ProfileJob` that ran (it may itself have the status failed).
        result: for a `TaskJob` that returned.
        failure: one sentence, where the job crashed, hung, ran out of memory or lost its device.
        lost: the failure is the worker's or the device's, not the job's: to try again may help.
        gone: the device did not come back: to try again does not help now.
        wall_s: wall-clock seconds from dispatch to result.
    """

    job_id: str
    measurement: Measurement | None = None
    result: Mapping[str, Any] | None = None
    failure: str | None = None
    lost: bool = False
    gone: bool = False
    wall_s: float = 0.0


class Dispatcher(ABC):
    """Runs jobs on devices. One thread of the controller uses it.

    A device profiles one candidate at a time. On one machine, profile jobs and task jobs never run at the same time:
    training would disturb the measurement. A failure of any kind becomes a `JobResult`, never an exception.
    """

    @abstractmethod
    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the devices that can be profiled on."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Queues a job. Raises `DeviceError` where its device is not part of the fleet."""

    @abstractmethod
    def next_result(self, timeout_s: float) -> JobResult | None:
        """Returns the next finished job, or None if none finished in time or none is queued."""

    @abstractmethod
    def pending(self) -> int:
        """Number of jobs submitted whose result was not yet returned."""

    @abstractmethod
    def close(self) -> None:
        """Stops everything that this dispatcher started, subprocesses included. May be called twice."""
