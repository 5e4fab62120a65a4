"""How far a campaign is, gathered from its events: what the live view and the plain lines show."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from device_agents.measurement import MeasurementStatus
from protran.campaign.events import (
    CampaignEvent,
    CampaignOpened,
    FrontChanged,
    Note,
    ProfileDone,
    StepStarted,
    TrainingDone,
    WaitBegan,
)
from protran.campaign.phase import Phase

if TYPE_CHECKING:
    from protran.front import Front

_KEPT_TRAININGS = 3
_KEPT_NOTES = 3


@dataclass
class JobCount:
    """Jobs of one kind: over the whole campaign, and in this process (whose speed predicts the rest)."""

    done: int = 0
    planned: int = 0
    failed: int = 0
    here: int = 0
    here_s: float = 0.0

    def finish(self, wall_s: float, *, ok: bool) -> None:
        """Counts one finished job that took `wall_s` seconds."""
        self.done += 1
        self.here += 1
        self.here_s += wall_s
        self.failed += not ok

    def left_s(self) -> float | None:
        """Returns the job seconds that are left; None where no job of this kind has finished here yet."""
        left = max(0, self.planned - self.done)
        if left == 0:
            return 0.0
        return left * self.here_s / self.here if self.here else None


class Progress:
    """The state of a campaign as its events tell it. `observe` is the observer; everything else is read."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = clock()
        self.name = ""
        self.resumed = False
        self.phase: Phase | None = None
        self.step = 0
        self.profiles = JobCount()
        self.trainings = JobCount()
        self.last_trainings: deque[TrainingDone] = deque(maxlen=_KEPT_TRAININGS)
        self.notes: deque[str] = deque(maxlen=_KEPT_NOTES)
        self.front: Front | None = None
        self.verified = False
        self._wait: WaitBegan | None = None
        self._wait_began_s = 0.0
        self._waited_s = 0.0

    def observe(self, event: CampaignEvent) -> None:
        """Takes one event into account."""
        self._waited_s, self._wait = self.waited_s, None  # whatever happens, happens after a wait
        match event:
            case CampaignOpened():
                self.name, self.resumed = event.name, event.resumed
                self.profiles = JobCount(event.profiles_done, event.profiles_planned)
                self.trainings = JobCount(event.trainings_done, event.trainings_planned)
            case StepStarted():
                self.phase, self.step = event.phase, event.step
                if event.phase is Phase.VERIFY:  # the last phase, so what is due now is all that is left
                    self.profiles.planned = self.profiles.done + event.profiles
                    self.trainings.planned = self.trainings.done + event.trainings
            case ProfileDone():
                if event.measurement.status is not MeasurementStatus.REJECTED:  # that one is asked again, or noted
                    self.profiles.finish(event.wall_s, ok=event.measurement.status is MeasurementStatus.OK)
            case TrainingDone():
                self.trainings.finish(event.wall_s, ok=event.evaluation.status.value == "ok")
                self.last_trainings.append(event)
            case FrontChanged():
                self.front, self.verified = event.front, event.verified
            case WaitBegan():
                self._wait_began_s, self._wait = self._clock(), event
            case Note():
                self.notes.append(event.text)

    @property
    def elapsed_s(self) -> float:
        """Seconds since this process began to watch."""
        return self._clock() - self._began_s

    @property
    def waited_s(self) -> float:
        """Seconds of these in which the campaign waited for low-carbon hours."""
        wait = self._wait  # once: the view is drawn in a thread of its own
        return self._waited_s + (0.0 if wait is None else min(wait.wait_s, self._clock() - self._wait_began_s))

    @property
    def waiting(self) -> WaitBegan | None:
        """What the campaign waits for at this moment; None where it works."""
        wait = self._wait
        return wait if wait is not None and self._clock() - self._wait_began_s < wait.wait_s else None

    @property
    def failed(self) -> int:
        """Profiles and trainings that failed in this process."""
        return self.profiles.failed + self.trainings.failed

    def share(self) -> float:
        """Returns the part of the planned jobs that is done, between 0 and 1."""
        planned = self.profiles.planned + self.trainings.planned
        return min(1.0, (self.profiles.done + self.trainings.done) / planned) if planned else 0.0

    def time_left_s(self) -> float | None:
        """Returns the most seconds that are left, or None where too little is known.

        Job seconds left, times the seconds that a job second has taken so far (several trainings run at once, and
        proposals run between jobs). An upper limit: a phase may end early. Waits for low-carbon hours are left out,
        past ones and those to come.
        """
        profiles_s, trainings_s = self.profiles.left_s(), self.trainings.left_s()
        worked_s = self.profiles.here_s + self.trainings.here_s
        if profiles_s is None or trainings_s is None or worked_s <= 0:
            return None
        return (profiles_s + trainings_s) * (self.elapsed_s - self.waited_s) / worked_s


def duration(seconds: float) -> str:
    """Returns ``1:05`` or ``2:03:04``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
