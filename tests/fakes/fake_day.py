"""A clock on the wall that only moves while somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class FakeDay:
    """Tells the time, and lets it pass; `meanwhile` happens before each sleep and may raise or move the clock."""

    def __init__(self, start: str, meanwhile: Callable[[FakeDay], None] | None = None) -> None:
        self.time = datetime.fromisoformat(f"{start}+00:00")
        self.slept: list[float] = []
        self._meanwhile = meanwhile

    def now(self) -> datetime:
        return self.time.astimezone(UTC)

    def sleep(self, duration_s: float) -> None:
        if self._meanwhile is not None:
            self._meanwhile(self)
        self.slept.append(duration_s)
        self.time += timedelta(seconds=duration_s)
