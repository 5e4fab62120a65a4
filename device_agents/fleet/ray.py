"""The dispatcher on Ray: one local device, and slots for tasks."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from device_agents.agent import CALIBRATION_LIMITS
from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob
from device_agents.fleet.local_agent import LOCAL_AGENT
from device_agents.fleet.membership import require_device
from device_agents.fleet.outcome import describe
from device_agents.fleet.ray_actor import ActorPlace, Run, one_line
from device_agents.fleet.ray_session import RaySession
from device_agents.fleet.ray_workers import DeviceWorker, TaskWorker
from device_agents.fleet.turns import JobKind, Turns, kind_of
from device_agents.fleet.wire import job_result, job_text
from device_agents.isolation import server_process

START_S = 180.0
"""Until a worker that was just asked for must answer: a process start and some imports."""

GRACE_S = server_process.START_S + 2 * CALIBRATION_LIMITS.time_s + 60.0
"""Workers keep the limits of their jobs. One that is silent for this long after the limit hangs itself, and is
replaced. The limit does not cover what may come before the candidate: the start of the runner and the calibrations of
the base reference and of the one of the candidate's size. A minute more is for their ends and for Ray."""

_FAREWELL_S = 2.0


class RayDispatcher(Dispatcher):
    """Runs jobs in Ray actors: one that owns the device's agent, and `train_slots` for tasks, made when first needed.

    Every job is tried once; repeating is the caller's decision. An actor that dies or hangs costs the job that it had,
    and is replaced for the next one. Must be made by a thread that lives as long as it does (see `RaySession`).

    Args:
        device_name: name of the local device.
        train_slots: tasks that run at once; the number of cores that this process may use, if not given.
        agent_factory: ``module:function`` that makes the agent, in the actor, from the name and the options.
        agent_options: JSON values for the factory.
        grace_s: how long beyond a job's limit its actor may be silent.

    Raises:
        DeviceError: Ray or the agent does not start.
    """

    def __init__(
        self,
        device_name: str = "local",
        *,
        train_slots: int | None = None,
        agent_factory: str = LOCAL_AGENT,
        agent_options: Mapping[str, Any] | None = None,
        grace_s: float = GRACE_S,
    ) -> None:
        cores = usable_cores()
        slots = {JobKind.PROFILE: 1, JobKind.TASK: train_slots or cores}
        self._grace_s = grace_s
        self._turns = Turns(slots)
        self._running: dict[Any, Run] = {}
        self._closed = False
        resource = f"device:{device_name}"
        self._session = RaySession({resource: 1.0}, cores)
        ray = self._session.ray
        device = ray.remote(DeviceWorker).options(num_cpus=0, resources={resource: 1}, max_restarts=0)
        self._options = dict(agent_options or {})

        def make_device() -> Any:
            return device.remote(agent_factory, device_name, json.dumps(self._options))

        task = ray.remote(TaskWorker).options(num_cpus=0, max_restarts=0)
        self._places = {
            JobKind.PROFILE: [ActorPlace(ray, make_device)],
            JobKind.TASK: [ActorPlace(ray, task.remote) for _ in range(slots[JobKind.TASK])],
        }
        try:
            self._require_resource(resource)
            self._device = self._ask_device()
        except DeviceError:
            self.close()
            raise

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the local device: busy while it profiles, lost where its agent does not come back."""
        if self._closed:
            return ()
        if self._places[JobKind.PROFILE][0].busy:
            return (dataclasses.replace(self._device, state="busy"),)
        try:
            self._device = self._ask_device()
        except DeviceError:
            return (dataclasses.replace(self._device, state="lost"),)
        if "reference" in self._options or not self._device.facts.get("reference"):
            return (self._device,)
        self._options["reference"] = self._device.facts["reference"]  # an agent that replaces this one keeps its scale
        return (self._device,)

    def submit(self, job: Job) -> None:
        """Queues a job; it starts at a call of `next_result`, so that what is submitted together is ordered together.

        Raises:
            DeviceError: the device is not this one, or the dispatcher is closed.
        """
        if self._closed:
            raise DeviceError("the dispatcher is closed; open a new one")
        if isinstance(job, ProfileJob):
            require_device(job.request.device_identity, (self._device,))
        self._turns.add(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        """Returns the next finished job, or None if none finished in time or none is queued."""
        deadline_s = time.monotonic() + timeout_s
        while not self._closed:
            failed = self._start_jobs()
            if failed is not None:
                return failed
            if not self._running:
                return None
            first_late_s = min(run.late_s for run in self._running.values())
            wait_s = max(0.0, min(deadline_s, first_late_s) - time.monotonic())
            ready, _ = self._session.ray.wait(list(self._running), num_returns=1, timeout=wait_s)
            if ready:
                return self._collect(ready[0])
            for reference, run in self._running.items():
                if time.monotonic() >= run.late_s:
                    return self._give_up(reference)
            if time.monotonic() >= deadline_s:
                return None
        return None

    def pending(self) -> int:
        """Number of jobs submitted whose result was not yet returned."""
        return len(self._turns) + len(self._running)

    def close(self) -> None:
        """Stops every job, actor and process, and Ray itself if this dispatcher started it. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._turns.clear()
        busy = {id(run.place) for run in self._running.values()}
        self._running.clear()
        places = [place for group in self._places.values() for place in group]
        farewells = [place.actor().close.remote() for place in places if place.exists and id(place) not in busy]
        if farewells:
            self._session.ray.wait(farewells, num_returns=len(farewells), timeout=_FAREWELL_S)
        for place in places:
            place.drop()
        self._session.close()

    def _require_resource(self, resource: str) -> None:
        """An actor that asks for a resource that no node has would wait for ever."""
        if resource not in self._session.ray.cluster_resources():
            raise DeviceError(f"expected a Ray with the resource {resource!r}; the one that this process uses has none")

    def _ask_device(self) -> DeviceInfo:
        place = self._places[JobKind.PROFILE][0]
        try:
            text = self._session.ray.get(place.actor().info.remote(), timeout=START_S)
        except self._session.ray.exceptions.GetTimeoutError as error:
            place.drop()
            advice = "close the dispatcher that holds it, or wait until the machine is less busy"
            raise DeviceError(f"the local device gave no answer within {START_S:g} s; {advice}") from error
        except self._session.ray.exceptions.RayError as error:
            place.drop()
            raise DeviceError(f"the local device does not answer: {one_line(error)}") from error
        return DeviceInfo.from_json(json.loads(text))

    def _start_jobs(self) -> JobResult | None:
        """Starts every job that may run now; returns the failure of one that cannot even be sent."""
        while (job := self._turns.start()) is not None:
            place = next(place for place in self._places[kind_of(job)] if not place.busy)
            try:
                text = job_text(job)
            except (TypeError, ValueError) as error:
                self._turns.finish()
                return JobResult(job.job_id, failure=describe(error))
            now_s = time.monotonic()
            place.busy = True
            reference = place.actor().run.remote(text)
            self._running[reference] = Run(job, place, now_s, now_s + job.limits.time_s + self._grace_s)
        return None

    def _collect(self, reference: Any) -> JobResult:
        run = self._running[reference]
        try:
            result = job_result(self._session.ray.get(reference, timeout=START_S))
        except self._session.ray.exceptions.RayError as error:
            run.place.drop()
            reason = f"lost: the worker of the job died ({one_line(error)})"
            result = JobResult(run.job.job_id, failure=reason, lost=True)
        return self._finish(reference, result)

    def _give_up(self, reference: Any) -> JobResult:
        run = self._running[reference]
        run.place.drop()
        reason = f"lost: the worker of the job gave no answer within {time.monotonic() - run.started_s:.0f} s"
        return self._finish(reference, JobResult(run.job.job_id, failure=reason, lost=True))

    def _finish(self, reference: Any, result: JobResult) -> JobResult:
        run = self._running.pop(reference)
        run.place.busy = False
        self._turns.finish()
        return dataclasses.replace(result, wall_s=time.monotonic() - run.started_s)


def usable_cores() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
