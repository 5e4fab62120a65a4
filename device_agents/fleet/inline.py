"""The dispatcher without a fleet: this process runs one job after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob, TaskJob
from device_agents.fleet.local_agent import ProfilingAgent
from device_agents.fleet.membership import require_device
from device_agents.fleet.outcome import outcome, run_profile
from device_agents.fleet.task_runner import TaskRunner


class InlineDispatcher(Dispatcher):
    """Runs each job when its result is asked for, in the order of submission; for tests and small machines.

    Args:
        agents: by device name. The dispatcher closes them.
    """

    def __init__(self, agents: Mapping[str, ProfilingAgent]) -> None:
        self._agents = {agent.info().identity: agent for agent in agents.values()}
        self._queue: deque[Job] = deque()
        self._tasks = TaskRunner()
        self._closed = False

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the devices that can be profiled on."""
        return tuple(agent.info() for agent in self._agents.values())

    def submit(self, job: Job) -> None:
        """Queues a job. Raises `DeviceError` where its device is none of these, or after `close`."""
        if self._closed:
            raise DeviceError("the dispatcher is closed; open a new one")
        if isinstance(job, ProfileJob) and job.request.device_identity not in self._agents:
            require_device(job.request.device_identity, self.devices())
        self._queue.append(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        """Runs the oldest job, however long that takes, and returns its result; None if none is queued."""
        if not self._queue:
            return None
        job = self._queue.popleft()
        if isinstance(job, TaskJob):
            task = job
            return outcome(job.job_id, lambda: self._tasks.run(task.entry, task.payload, task.limits))
        agent, profile = self._agents[job.request.device_identity], job
        return outcome(job.job_id, lambda: run_profile(agent, profile))

    def pending(self) -> int:
        """Number of jobs submitted whose result was not yet returned."""
        return len(self._queue)

    def close(self) -> None:
        """Forgets the queue and closes agents and processes. May be called twice."""
        self._closed = True
        self._queue.clear()
        self._tasks.close()
        while self._agents:
            self._agents.popitem()[1].close()
