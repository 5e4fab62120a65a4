"""The clean hours of a user's grid: a schedule, how many of its hours are good enough, and whose clock they go by."""

from __future__ import annotations

import difflib
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from protran.carbon.schedule import Schedule, lowest_hours, read_schedule, wait_until_low
from protran.errors import InputError

USUAL_HOURS = 8
"""A third of the day."""


@dataclass(frozen=True)
class LowHours:
    """When to work: the hours of the day in which the grid is clean.

    Attributes:
        schedule: intensity by hour of the day.
        count: how many hours of the day are good enough.
        zone: the time zone in which the schedule's hours are meant; None for the machine's own.
    """

    schedule: Schedule
    count: int = USUAL_HOURS
    zone: tzinfo | None = None

    def __post_init__(self) -> None:
        lowest_hours(self.schedule, self.count)  # refuses a count that no day has

    def wait_s(self, now: datetime) -> float:
        """Returns the seconds from `now`, which must know its zone, to the next low hour: 0 within one.

        Ask again every now and then: a change of the clocks in between is not seen.
        """
        return wait_until_low(self.schedule, now.astimezone(self.zone), self.count)


def read_low_hours(path: Path | str, count: int = USUAL_HOURS, zone: str | None = None) -> LowHours:
    """Returns the `count` cleanest hours of the schedule in a file.

    Args:
        path: a CSV file, as `read_schedule` reads it.
        count: 1 to 24.
        zone: name of a time zone, such as ``Europe/Berlin``; None for the machine's own.

    Raises:
        InputError: the file is no schedule, there is no such zone, or no day has so many hours.
    """
    return LowHours(read_schedule(Path(path)), count, None if zone is None else _zone(zone))


def _zone(name: str) -> tzinfo:
    known = zoneinfo.available_timezones()
    if name not in known:  # looked up first, so that no file is opened by a name that a user made up
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "leave it out for this machine's own"
        raise InputError(f"time zone must be a name such as Europe/Berlin, got {name!r}; {hint}")
    return zoneinfo.ZoneInfo(name)
