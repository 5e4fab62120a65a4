"""The place of one Ray actor in a dispatcher."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from device_agents.fleet.base import Job
from device_agents.fleet.outcome import describe


class ActorPlace:
    """Makes its actor when it is first needed, and again after it was dropped.

    Args:
        ray: the Ray module.
        make: starts an actor and returns its handle.
    """

    def __init__(self, ray: Any, make: Callable[[], Any]) -> None:
        self._ray = ray
        self._make = make
        self._actor: Any = None
        self.busy = False

    @property
    def exists(self) -> bool:
        """Whether there is an actor now."""
        return self._actor is not None

    def actor(self) -> Any:
        """Returns the actor's handle."""
        if self._actor is None:
            self._actor = self._make()
        return self._actor

    def forget(self) -> None:
        """Lets go of the actor, which lives on, or is dead."""
        self._actor = None

    def drop(self) -> None:
        """Kills the actor, if there is one; what it started ends with it."""
        if self._actor is not None:
            self._ray.kill(self._actor, no_restart=True)
            self._actor = None


@dataclasses.dataclass(frozen=True)
class Run:
    """A job that an actor has: since when, and until when it may be silent (monotonic clock)."""

    job: Job
    place: ActorPlace
    started_s: float
    late_s: float


def one_line(error: Exception) -> str:
    """Returns what a Ray error comes from, as one sentence: Ray's own texts hold tracebacks and pages of advice."""
    cause = getattr(error, "cause", None)
    return describe(cause) if isinstance(cause, Exception) else type(error).__name__
