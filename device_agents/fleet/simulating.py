"""The dispatcher that answers for simulated devices itself, and leaves everything else to another one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob
from device_agents.fleet.local_agent import ProfilingAgent
from device_agents.fleet.outcome import outcome, run_profile


class SimulatingDispatcher(Dispatcher):
    """Adds simulated devices to a fleet. They need no process and disturb nothing, so they are answered first.

    Args:
        inner: runs the tasks, and the profiles of its own devices. This dispatcher closes it.
        agents: of the simulated devices.
        shows_inner: whether the inner dispatcher's devices are part of the fleet, or only its tasks are wanted.
    """

    def __init__(self, inner: Dispatcher, agents: Iterable[ProfilingAgent], *, shows_inner: bool = True) -> None:
        self._inner = inner
        self._shows_inner = shows_inner
        self._agents = {agent.info().identity: agent for agent in agents}
        self._queue: deque[ProfileJob] = deque()
        self._closed = False

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the devices that can be profiled on, simulated ones last."""
        if self._closed:
            return ()
        inner = self._inner.devices() if self._shows_inner else ()
        return (*inner, *(agent.info() for agent in self._agents.values()))

    def submit(self, job: Job) -> None:
        """Queues a job. Raises `DeviceError` where its device is neither simulated nor the inner dispatcher's."""
        if self._closed:
            raise DeviceError("the dispatcher is closed; open a new one")
        if isinstance(job, ProfileJob) and job.request.device_identity in self._agents:
            self._queue.append(job)
        else:
            self._inner.submit(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        """Returns the next finished job, or None if none finished in time or none is queued."""
        if not self._queue:
            return self._inner.next_result(timeout_s)
        job = self._queue.popleft()
        agent = self._agents[job.request.device_identity]
        return outcome(job.job_id, lambda: run_profile(agent, job))

    def pending(self) -> int:
        """Number of jobs submitted whose result was not yet returned."""
        return len(self._queue) + self._inner.pending()

    def close(self) -> None:
        """Forgets the queue and closes the agents and the inner dispatcher. May be called twice."""
        self._closed = True
        self._queue.clear()
        for agent in self._agents.values():
            agent.close()
        self._inner.close()
