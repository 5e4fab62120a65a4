"""What runs inside Ray's worker processes: plain classes that speak JSON text and know no Ray themselves."""

from __future__ import annotations

import functools
import json

from device_agents.fleet.base import ProfileJob
from device_agents.fleet.local_agent import ProfilingAgent, make_agent
from device_agents.fleet.outcome import outcome, run_profile
from device_agents.fleet.task_runner import TaskRunner
from device_agents.fleet.wire import profile_job, result_text, task_job
from device_agents.measurement import Measurement


class DeviceWorker:
    """Owns the agent of one device.

    Args:
        factory: ``module:function`` that makes the agent.
        name: name of the device.
        options: JSON text of the factory's options.
    """

    def __init__(self, factory: str, name: str, options: str) -> None:
        self._make = functools.partial(make_agent, factory, name, json.loads(options))
        self._made: ProfilingAgent | None = None

    def _agent(self) -> ProfilingAgent:
        """Makes the agent at the first call: a failure is then told as that of a call, which Ray tells in full."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def info(self) -> str:
        """Returns the device's information as JSON text."""
        return json.dumps(self._agent().info().to_json())

    def run(self, text: str) -> str:
        """Returns the result of a profile job, both as JSON text."""
        job = profile_job(text)
        return result_text(outcome(job.job_id, lambda: self._profiled(job)))

    def _profiled(self, job: ProfileJob) -> Measurement:
        return run_profile(self._agent(), job)

    def close(self) -> None:
        """Closes the agent."""
        if self._made is not None:
            self._made.close()


class TaskWorker:
    """Runs task jobs, one at a time."""

    def __init__(self) -> None:
        self._tasks = TaskRunner()

    def run(self, text: str) -> str:
        """Returns the result of a task job, both as JSON text."""
        job = task_job(text)
        return result_text(outcome(job.job_id, lambda: self._tasks.run(job.entry, job.payload, job.limits)))

    def close(self) -> None:
        """Ends the warm process."""
        self._tasks.close()
