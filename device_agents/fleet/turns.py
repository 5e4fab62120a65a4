"""Who runs next, where profiles and tasks must never run at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import Enum

from device_agents.fleet.base import Job, ProfileJob


class JobKind(str, Enum):
    """Profiles need the device for themselves; tasks may run beside each other."""

    PROFILE = "profile"
    TASK = "task"


def kind_of(job: Job) -> JobKind:
    """Returns the kind of a job."""
    return JobKind.PROFILE if isinstance(job, ProfileJob) else JobKind.TASK


class Turns:
    """Queues jobs by kind and lets the kinds take turns.

    A turn starts when nothing runs. It goes to the kind whose oldest job was submitted first, and lasts for the jobs of
    that kind that wait at its start, in the order of submission. Jobs that come later join the turn only if nothing of
    the other kind waits: so neither kind can starve the other, and tasks still fill their slots although profiles and
    tasks were submitted in alternation.

    Args:
        slots: for each kind, how many of its jobs may run at once.
    """

    def __init__(self, slots: Mapping[JobKind, int]) -> None:
        self._slots = dict(slots)
        self._waiting: dict[JobKind, deque[tuple[int, Job]]] = {kind: deque() for kind in JobKind}
        self._submitted = 0
        self._turn = JobKind.PROFILE
        self._left = 0
        self._running = 0

    def __len__(self) -> int:
        """Number of jobs that wait."""
        return sum(len(queue) for queue in self._waiting.values())

    def add(self, job: Job) -> None:
        """Queues a job."""
        self._waiting[kind_of(job)].append((self._submitted, job))
        self._submitted += 1

    def start(self) -> Job | None:
        """Returns the next job that may start now and counts it as running; None if there is none."""
        if self._running == 0 and self._left == 0:
            self._begin_turn()
        queue = self._waiting[self._turn]
        if not queue or self._running >= self._slots[self._turn]:
            return None
        if self._left == 0:
            if self._other_waits():
                return None
            self._left = len(queue)
        self._left -= 1
        self._running += 1
        return queue.popleft()[1]

    def finish(self) -> None:
        """Counts one job as no longer running."""
        self._running -= 1

    def clear(self) -> None:
        """Forgets the jobs that wait."""
        for queue in self._waiting.values():
            queue.clear()
        self._left = 0

    def _begin_turn(self) -> None:
        oldest = {kind: queue[0][0] for kind, queue in self._waiting.items() if queue}
        if oldest:
            self._turn = min(oldest, key=oldest.__getitem__)
            self._left = len(self._waiting[self._turn])

    def _other_waits(self) -> bool:
        return any(queue for kind, queue in self._waiting.items() if kind is not self._turn)
