"""Waiting for the hours in which the grid is clean: run-time behaviour, of which nothing is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from device_agents.device import DeviceInfo
from device_agents.fleet.base import Dispatcher, Job, JobResult
from protran.campaign.events import Observer, WaitBegan
from protran.carbon.hours import LowHours

LONGEST_SLEEP_S = 60.0
"""The clock is read anew that often: a computer may be suspended meanwhile, its clock set, summer time begin."""


def utc_now() -> datetime:
    """Returns the time."""
    return datetime.now(UTC)


class LowHoursWait:
    """Waits, in the thread that asks, for the next low hour.

    Args:
        hours: when to work.
        now: tells the time, with its zone.
        sleep: waits so many seconds; what interrupts it (Ctrl-C) passes on at once.

    Attributes:
        waited_s: seconds that were waited so far.
    """

    def __init__(
        self,
        hours: LowHours,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._hours = hours
        self._now = now
        self._sleep = sleep
        self.waited_s = 0.0

    def wait(self, observer: Observer) -> None:
        """Returns within a low hour; where there is something to wait for, `observer` is told once how long."""
        now = self._now()
        left_s = self._hours.wait_s(now)
        if left_s > 0:
            observer(WaitBegan(now + timedelta(seconds=left_s), left_s))
        while left_s > 0:
            step_s = min(left_s, LONGEST_SLEEP_S)
            self._sleep(step_s)
            self.waited_s += step_s
            left_s = self._hours.wait_s(self._now())


class PatientDispatcher(Dispatcher):
    """Holds a job back until a low hour, unless others are under way: what has begun is finished in any hour.

    A campaign submits the jobs of one step, and then waits for all of them, so this is a wait before each step that has
    something to do, and none in the middle of a profile or a training.

    Args:
        inner: does the work. This dispatcher closes it.
        wait: when.
        observer: is told of each wait.
    """

    def __init__(self, inner: Dispatcher, wait: LowHoursWait, observer: Observer) -> None:
        self._inner = inner
        self._wait = wait
        self._observer = observer

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Returns the devices that can be profiled on."""
        return self._inner.devices()

    def submit(self, job: Job) -> None:
        """Queues a job, after the wait. Raises `DeviceError` where its device is not part of the fleet."""
        if not self._inner.pending():
            self._wait.wait(self._observer)
        self._inner.submit(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        """Returns the next finished job, or None if none finished in time or none is queued."""
        return self._inner.next_result(timeout_s)

    def pending(self) -> int:
        """Number of jobs submitted whose result was not yet returned."""
        return self._inner.pending()

    def close(self) -> None:
        """Closes the inner dispatcher. May be called twice."""
        self._inner.close()
