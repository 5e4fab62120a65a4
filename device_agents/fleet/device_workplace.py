"""One device of the fleet, as a dispatcher sees it: it may go away, and come back."""

from __future__ import annotations

import collections
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from device_agents.device import DeviceInfo
from device_agents.environment import device_identity
from device_agents.fleet.base import Job, JobResult, ProfileJob
from device_agents.fleet.device_actor import device_actor
from device_agents.fleet.fleet_view import FleetView
from device_agents.fleet.ray_actor import ActorPlace, Run
from device_agents.fleet.registry import Enrolled
from device_agents.fleet.workplace import START_S, Workplace, later, no_answer, sent

PATIENCE_S = 600.0
"""A device that is away for longer is gone: a board that boots and joins again takes two minutes."""
ASK_S = 5.0
_CUT = "health check failed"
"""How Ray's reason begins where it heard nothing of a node; a node that was killed has its connection closed."""


@dataclass(frozen=True)
class Sign:
    """A sign of life of a device's worker.

    Attributes:
        boot: which start of the machine it is.
        pid: process of the worker.
        node: Ray's id of its node.
    """

    boot: str
    pid: int
    node: str

    @classmethod
    def read(cls, text: str, node: str) -> Sign:
        """Returns the sign in what the worker's `state` returned."""
        found = json.loads(text)
        return cls(found["boot"], found["pid"], node)


class DeviceWorkplace(Workplace):
    """The profiles of one device.

    A job whose worker died is judged when the device is back. Where only the link was cut (the worker survived, or Ray
    heard nothing of a machine that has not been started anew) the job had no part in it and is tried again. Else it may
    have taken its worker or the whole device with it, and is returned as lost; whoever asked decides.

    Args:
        ray: the Ray module, connected.
        enrolled: the device as it is registered, read again whenever it comes back; None where it was removed.
        view: which nodes are alive.
        grace_s: how long beyond a job's limit the worker may be silent.
        patience_s: how long the device may be away before its jobs are given up.
    """

    def __init__(
        self,
        ray: Any,
        enrolled: Callable[[], Enrolled | None],
        view: FleetView,
        *,
        grace_s: float,
        patience_s: float = PATIENCE_S,
    ) -> None:
        known = enrolled()
        if known is None:
            raise ValueError("expected a device that is enrolled")
        self.here = device_identity() in (known.identity, known.facts.get("machine_identity"))
        self._ray = ray
        self._enrolled = enrolled
        self._known = known
        self._view = view
        self._grace_s = grace_s
        self._patience_s = patience_s
        self._queue: collections.deque[ProfileJob] = collections.deque()
        self._place = ActorPlace(ray, self._make)
        self._asking: Any = None
        self._asked_s = 0.0
        self._sign: Sign | None = None
        self._present = False
        self._away_since_s = time.monotonic()
        self._undecided: tuple[ProfileJob, str, Sign | None] | None = None

    def _make(self) -> Any:
        return device_actor(self._ray, self._known)

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the device: ready, busy, or lost while it is away."""
        state = "lost" if not self._present else "busy" if self._place.busy else "ready"
        facts = {**self._known.facts, "reference": self._known.reference}
        return (DeviceInfo(self._known.name, self._known.identity, state, facts),)

    def takes(self, job: Job) -> bool:
        """Tells whether a job is a profile for this device."""
        return isinstance(job, ProfileJob) and job.request.device_identity == self._known.identity

    def add(self, job: Job) -> None:
        """Queues a profile."""
        if not self._queue and not self._place.busy and not self._present:
            self._away_since_s = time.monotonic()  # the patience begins when somebody waits
        if isinstance(job, ProfileJob):
            self._queue.append(job)

    def start(self) -> tuple[Any, Run] | JobResult | None:
        """Starts the next profile, where the device is there and free."""
        if not self._present or self._place.busy or not self._queue:
            return None
        return sent(self._queue.popleft(), self._place, self._grace_s)

    def ended(self, run: Run) -> None:
        """Frees the device."""
        self._place.busy = False

    def lost(self, run: Run, reason: str) -> None:
        """Notes that a run's worker died: what that means is known when the device is back."""
        self._place.busy = False
        self._go_away()
        if isinstance(run.job, ProfileJob):
            self._undecided = (run.job, reason, self._sign)

    def silent(self, run: Run) -> Run | JobResult:
        """Gives the run more time where the worker serves another controller's jobs first; else gives it up."""
        try:
            state = json.loads(self._ray.get(self._place.actor().state.remote(), timeout=ASK_S))
        except (self._ray.exceptions.RayError, self._ray.exceptions.GetTimeoutError):
            state = {}
        if state.get("running") not in (None, run.job.job_id):
            return later(run, run.job.limits.time_s + self._grace_s)
        self._place.busy = False
        self._place.drop()
        self._go_away()
        return no_answer(run)

    def tend(self) -> JobResult | None:
        """Looks for a device that is away, and decides on the job that it was lost with."""
        if self._present:
            return None
        if self._asking is None:
            self._look_for_it()
        else:
            self._hear_it()
        if self._present:
            return self._decided()
        return self._given_up()

    def pending(self) -> int:
        """Number of profiles that wait, or are not decided."""
        return len(self._queue) + (self._undecided is not None)

    def wants_turn(self) -> bool:
        """Tells whether a profile waits for a device that is there."""
        return self._present and bool(self._queue)

    def away(self) -> bool:
        """Tells whether somebody waits for a device that is away."""
        return not self._present and self.pending() > 0

    def close(self, busy: set[int]) -> list[Any]:
        """Forgets the queue. The worker stays: other campaigns may use it."""
        self._queue.clear()
        self._undecided = None
        return []

    def drop(self) -> None:
        """Lets go of the worker without ending it."""
        self._place.forget()

    def _go_away(self) -> None:
        self._place.forget()
        self._present, self._asking = False, None
        self._away_since_s = time.monotonic()

    def _look_for_it(self) -> None:
        known = self._enrolled()
        if known is None or not known.admitted or known.name not in self._view.alive():
            return
        self._known = known
        self._asking = self._place.actor().state.remote()
        self._asked_s = time.monotonic()

    def _hear_it(self) -> None:
        ready, _ = self._ray.wait([self._asking], timeout=0)
        if not ready:
            if time.monotonic() - self._asked_s > START_S:
                self._place.forget()
                self._asking = None
            return
        asking, self._asking = self._asking, None
        try:
            node = self._view.alive().get(self._known.name, "")
            self._sign = Sign.read(self._ray.get(asking, timeout=ASK_S), node)
            self._present = True
        except self._ray.exceptions.RayError:
            self._place.forget()  # it died while it was asked: look again

    def _decided(self) -> JobResult | None:
        if self._undecided is None:
            return None
        (job, reason, before), self._undecided = self._undecided, None
        if before is not None and self._only_cut(before):
            self._queue.appendleft(job)
            return None
        again = before is not None and self._sign is not None and before.boot != self._sign.boot
        what = "started anew" if again else "lost its worker"
        return JobResult(job.job_id, failure=f"lost: {self._known.name} {what} during the job ({reason})", lost=True)

    def _only_cut(self, before: Sign) -> bool:
        if self._sign is None or self._sign.boot != before.boot:
            return False
        return self._sign.pid == before.pid or _CUT in self._view.end(before.node)

    def _given_up(self) -> JobResult | None:
        """Returns one of the jobs that wait for a device that is away for too long."""
        away_s = time.monotonic() - self._away_since_s
        if away_s <= self._patience_s or self.pending() == 0:
            return None
        if self._undecided is not None:
            (job, _, _), self._undecided = self._undecided, None
        else:
            job = self._queue.popleft()
        reason = f"lost: device {self._known.name} has been away for {away_s:.0f} s"
        return JobResult(job.job_id, failure=reason, lost=True, gone=True)
