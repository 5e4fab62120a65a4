"""The dispatcher on Ray: this machine, with slots for tasks, and devices of the fleet."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from device_agents.agent import CALIBRATION_LIMITS
from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob
from device_agents.fleet.device_workplace import PATIENCE_S, DeviceWorkplace
from device_agents.fleet.fleet_session import FleetSession
from device_agents.fleet.fleet_view import FleetView
from device_agents.fleet.local_agent import LOCAL_AGENT
from device_agents.fleet.local_workplace import LocalWorkplace
from device_agents.fleet.membership import require_device
from device_agents.fleet.ray_actor import Run, one_line
from device_agents.fleet.ray_nodes import CONTROLLER_RESOURCE
from device_agents.fleet.ray_session import RaySession
from device_agents.fleet.registry import Enrolled
from device_agents.fleet.wire import job_result
from device_agents.fleet.workplace import START_S, Workplace
from device_agents.isolation import server_process

GRACE_S = server_process.START_S + 2 * CALIBRATION_LIMITS.time_s + 60.0
"""Workers keep the limits of their jobs. One that is silent for this long after the limit hangs itself, and is
replaced. The limit does not cover what may come before the candidate: the start of the runner and the calibrations of
the base reference and of the one of the candidate's size. A minute more is for their ends and for Ray."""

POLL_S = 0.5
"""How often devices that are away are looked for."""
_FAREWELL_S = 2.0
_A_LITTLE = 0.001  # of the controller's resource: it keeps tasks on its machine and bounds nothing


class RayDispatcher(Dispatcher):
    """Runs jobs in Ray actors: one that owns each device's agent, and `train_slots` for tasks, made when first needed.

    Every job is tried once; repeating is the caller's decision, but for jobs whose link was cut (see
    `DeviceWorkplace`). An actor that dies or hangs costs the job that it had, and is replaced for the next one. Must be
    made by a thread that lives as long as it does (see `RaySession`).

    Args:
        device_name: name of the local device; None where nobody measures on this machine.
        train_slots: tasks that run at once; the number of cores that this process may use, if not given.
        agent_factory: ``module:function`` that makes the local agent, in the actor, from the name and the options.
        agent_options: JSON values for the factory.
        grace_s: how long beyond a job's limit its actor may be silent.
        fleet: reads the devices of the fleet to measure on; the Ray is then that of this machine's controller.
        patience_s: how long a device of the fleet may be away before its jobs are given up.

    Raises:
        DeviceError: Ray, the local agent or the fleet's controller does not answer.
    """

    def __init__(
        self,
        device_name: str | None = "local",
        *,
        train_slots: int | None = None,
        agent_factory: str = LOCAL_AGENT,
        agent_options: Mapping[str, Any] | None = None,
        grace_s: float = GRACE_S,
        fleet: Sequence[Callable[[], Enrolled | None]] = (),
        patience_s: float = PATIENCE_S,
    ) -> None:
        cores = usable_cores()
        self._running: dict[Any, tuple[Run, Workplace]] = {}
        self._workplaces: list[Workplace] = []
        self._closed = False
        own = {f"device:{device_name}": 1.0} if device_name is not None else {}
        self._session: RaySession | FleetSession = FleetSession() if fleet else RaySession(own, cores)
        try:
            local = LocalWorkplace(
                self._session.ray,
                device_name,
                train_slots=train_slots or cores,
                agent_factory=agent_factory,
                agent_options=agent_options,
                grace_s=grace_s,
                task_resources={CONTROLLER_RESOURCE: _A_LITTLE} if fleet else None,
            )
            view = FleetView(self._session.ray)
            devices = [
                DeviceWorkplace(self._session.ray, enrolled, view, grace_s=grace_s, patience_s=patience_s)
                for enrolled in fleet
            ]
            self._workplaces = [*devices, local]
        except DeviceError:
            self.close()
            raise

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the devices: busy while they profile, lost while they are away."""
        return () if self._closed else tuple(device for place in self._workplaces for device in place.devices())

    def submit(self, job: Job) -> None:
        """Queues a job; it starts at a call of `next_result`, so that what is submitted together is ordered together.

        Raises:
            DeviceError: the device is none of these, or the dispatcher is closed.
        """
        if self._closed:
            raise DeviceError("the dispatcher is closed; open a new one")
        workplace = next((place for place in self._workplaces if place.takes(job)), None)
        if workplace is not None:
            workplace.add(job)
        elif isinstance(job, ProfileJob):
            require_device(job.request.device_identity, self.devices())

    def next_result(self, timeout_s: float) -> JobResult | None:
        """Returns the next finished job, or None if none finished in time or none is queued."""
        deadline_s = time.monotonic() + timeout_s
        while not self._closed:
            found = self._tended() or self._start_jobs()
            if found is not None:
                return found
            away = any(place.away() for place in self._workplaces)
            if not self._running and not away:
                return None
            found = self._waited(min(deadline_s, time.monotonic() + POLL_S) if away else deadline_s)
            if found is not None:
                return found
            if time.monotonic() >= deadline_s:
                return None
        return None

    def pending(self) -> int:
        """Number of jobs submitted whose result was not yet returned."""
        return len(self._running) + sum(place.pending() for place in self._workplaces)

    def close(self) -> None:
        """Stops jobs, and Ray itself if this dispatcher started it. Devices of the fleet stay. May be called twice."""
        if self._closed:
            return
        self._closed = True
        busy = {id(run.place) for run, _ in self._running.values()}
        self._running.clear()
        farewells = [farewell for place in self._workplaces for farewell in place.close(busy)]
        if farewells:
            self._session.ray.wait(farewells, num_returns=len(farewells), timeout=_FAREWELL_S)
        for place in self._workplaces:
            place.drop()
        self._session.close()

    def _tended(self) -> JobResult | None:
        for place in self._workplaces:
            result = place.tend()
            if result is not None:
                return result
        return None

    def _start_jobs(self) -> JobResult | None:
        """Starts every job that may run now; returns the failure of one that cannot even be sent."""
        for place in self._workplaces:
            while not self._disturbs(place) and (started := place.start()) is not None:
                if isinstance(started, JobResult):
                    return started
                reference, run = started
                self._running[reference] = (run, place)
        return None

    def _disturbs(self, place: Workplace) -> bool:
        """Tells whether jobs of a place must wait because they would disturb those of another one on this machine.

        That is where this machine itself is enrolled under another name than `local`. Its profiles come first.
        """
        if not place.here:
            return False
        others = [other for other in self._workplaces if other.here and other is not place]
        runs = any(at in others for _, at in self._running.values())
        return runs or (isinstance(place, LocalWorkplace) and any(other.wants_turn() for other in others))

    def _waited(self, until_s: float) -> JobResult | None:
        """Waits for the next answer; returns None where there is none, or it means that a job is tried again."""
        if not self._running:
            time.sleep(max(0.0, until_s - time.monotonic()))
            return None
        first_late_s = min(run.late_s for run, _ in self._running.values())
        wait_s = max(0.0, min(until_s, first_late_s) - time.monotonic())
        ready, _ = self._session.ray.wait(list(self._running), num_returns=1, timeout=wait_s)
        if ready:
            return self._collect(ready[0])
        for reference, (run, _) in list(self._running.items()):
            if time.monotonic() >= run.late_s:
                return self._give_up(reference)
        return None

    def _collect(self, reference: Any) -> JobResult | None:
        run, place = self._running.pop(reference)
        try:
            result = job_result(self._session.ray.get(reference, timeout=START_S))
        except self._session.ray.exceptions.RayError as error:
            return _timed(place.lost(run, one_line(error)), run)
        place.ended(run)
        return _timed(result, run)

    def _give_up(self, reference: Any) -> JobResult | None:
        run, place = self._running.pop(reference)
        found = place.silent(run)
        if isinstance(found, Run):
            self._running[reference] = (found, place)
            return None
        return _timed(found, run)


def _timed(result: JobResult | None, run: Run) -> JobResult | None:
    return None if result is None else dataclasses.replace(result, wall_s=time.monotonic() - run.started_s)


def usable_cores() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
