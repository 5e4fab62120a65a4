"""The controller's own machine: its device, and slots for tasks, which never run at once."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.base import Job, JobResult, ProfileJob
from device_agents.fleet.ray_actor import ActorPlace, Run, one_line
from device_agents.fleet.ray_workers import DeviceWorker, TaskWorker
from device_agents.fleet.turns import JobKind, Turns, kind_of
from device_agents.fleet.workplace import START_S, Workplace, no_answer, sent


class LocalWorkplace(Workplace):
    """Profiles and tasks of this machine.

    Args:
        ray: the Ray module, connected.
        device_name: name of this machine's device; None where nobody measures on it.
        train_slots: tasks that run at once.
        agent_factory: ``module:function`` that makes the agent, in the actor, from the name and the options.
        agent_options: JSON values for the factory.
        grace_s: how long beyond a job's limit its actor may be silent.
        task_resources: what keeps tasks on this machine, where Ray has others.

    Raises:
        DeviceError: Ray has no such device, or its agent does not start.
    """

    here = True

    def __init__(
        self,
        ray: Any,
        device_name: str | None,
        *,
        train_slots: int,
        agent_factory: str,
        agent_options: Mapping[str, Any] | None,
        grace_s: float,
        task_resources: Mapping[str, float] | None = None,
    ) -> None:
        self._ray = ray
        self._grace_s = grace_s
        self._turns = Turns({JobKind.PROFILE: 1, JobKind.TASK: train_slots})
        self._options = dict(agent_options or {})
        task = ray.remote(TaskWorker).options(num_cpus=0, max_restarts=0, resources=dict(task_resources or {}))
        self._tasks = [ActorPlace(ray, task.remote) for _ in range(train_slots)]
        self._place: ActorPlace | None = None
        self._device: DeviceInfo | None = None
        if device_name is not None:
            self._place = ActorPlace(ray, self._maker(device_name, agent_factory))
            self._device = self._ask_device(self._place)

    def _maker(self, name: str, factory: str) -> Callable[[], Any]:
        resource = f"device:{name}"
        if resource not in self._ray.cluster_resources():  # an actor that asks for it would wait for ever
            raise DeviceError(f"expected a Ray with the resource {resource!r}; the one that this process uses has none")
        device = self._ray.remote(DeviceWorker).options(num_cpus=0, resources={resource: 1}, max_restarts=0)
        return lambda: device.remote(factory, name, json.dumps(self._options))

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the local device: busy while it profiles, lost where its agent does not come back."""
        if self._place is None or self._device is None:
            return ()
        if self._place.busy:
            return (dataclasses.replace(self._device, state="busy"),)
        try:
            self._device = self._ask_device(self._place)
        except DeviceError:
            return (dataclasses.replace(self._device, state="lost"),)
        if "reference" not in self._options and self._device.facts.get("reference"):
            # an agent that replaces this one keeps its scale
            self._options["reference"] = self._device.facts["reference"]
        return (self._device,)

    def takes(self, job: Job) -> bool:
        """Tells whether a job is a task, or a profile for this machine."""
        if not isinstance(job, ProfileJob):
            return True
        return self._device is not None and job.request.device_identity == self._device.identity

    def add(self, job: Job) -> None:
        """Queues a job."""
        self._turns.add(job)

    def start(self) -> tuple[Any, Run] | JobResult | None:
        """Starts the next job whose turn it is."""
        job = self._turns.start()
        if job is None:
            return None
        found = sent(job, self._free_place(job), self._grace_s)
        if isinstance(found, JobResult):
            self._turns.finish()
        return found

    def _free_place(self, job: Job) -> ActorPlace:
        if kind_of(job) is JobKind.PROFILE and self._place is not None:
            return self._place
        return next(place for place in self._tasks if not place.busy)

    def ended(self, run: Run) -> None:
        """Frees the place of a run."""
        run.place.busy = False
        self._turns.finish()

    def lost(self, run: Run, reason: str) -> JobResult:
        """Returns the loss of a run; its worker is replaced for the next one."""
        run.place.drop()
        self.ended(run)
        return JobResult(run.job.job_id, failure=f"lost: the worker of the job died ({reason})", lost=True)

    def silent(self, run: Run) -> JobResult:
        """Gives up a run; its worker hangs itself, and is replaced."""
        run.place.drop()
        self.ended(run)
        return no_answer(run)

    def tend(self) -> None:
        """Nothing of this machine is ever away."""

    def pending(self) -> int:
        """Number of jobs that wait."""
        return len(self._turns)

    def wants_turn(self) -> bool:
        """Tells whether a job waits."""
        return len(self._turns) > 0

    def away(self) -> bool:
        """Nothing of this machine is ever away."""
        return False

    def close(self, busy: set[int]) -> list[Any]:
        """Forgets the queue and asks idle workers to end what they started."""
        self._turns.clear()
        return [place.actor().close.remote() for place in self._places() if place.exists and id(place) not in busy]

    def drop(self) -> None:
        """Ends every worker."""
        for place in self._places():
            place.drop()

    def _places(self) -> list[ActorPlace]:
        return [*self._tasks, *([self._place] if self._place is not None else [])]

    def _ask_device(self, place: ActorPlace) -> DeviceInfo:
        try:
            text = self._ray.get(place.actor().info.remote(), timeout=START_S)
        except self._ray.exceptions.GetTimeoutError as error:
            place.drop()
            advice = "close the dispatcher that holds it, or wait until the machine is less busy"
            raise DeviceError(f"the local device gave no answer within {START_S:g} s; {advice}") from error
        except self._ray.exceptions.RayError as error:
            place.drop()
            raise DeviceError(f"the local device does not answer: {one_line(error)}") from error
        return DeviceInfo.from_json(json.loads(text))
