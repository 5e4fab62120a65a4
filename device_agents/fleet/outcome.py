"""Work in, `JobResult` out: the one place where a job's exception becomes its recorded failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from device_agents.errors import DeviceError
from device_agents.fleet.base import JobResult, ProfileJob
from device_agents.isolation import FailureKind, JobFailed
from device_agents.measurement import Measurement

if TYPE_CHECKING:
    from device_agents.fleet.local_agent import ProfilingAgent


def outcome(job_id: str, work: Callable[[], Measurement | Mapping[str, Any]]) -> JobResult:
    """Returns what became of `work`: its measurement, its result, or its failure as one sentence."""
    started_s = time.monotonic()
    measurement, result, failure, lost = None, None, None, False
    try:
        value = work()
        if isinstance(value, Measurement):
            measurement = value
        else:
            result = value
    except JobFailed as error:
        failure, lost = error.reason, error.kind is FailureKind.LOST
    except Exception as error:
        failure = describe(error)
    return JobResult(job_id, measurement, result, failure, lost, wall_s=time.monotonic() - started_s)


def run_profile(agent: ProfilingAgent, job: ProfileJob) -> Measurement:
    """Returns the agent's answer to a job."""
    return agent.profile(job.request, job.limits, energy=job.energy, keep_trace=job.keep_trace)


def describe(error: BaseException) -> str:
    """Returns an exception as one sentence; our own errors are sentences already."""
    message = " ".join(str(error).split())
    if isinstance(error, DeviceError):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
