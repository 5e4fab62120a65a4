"""The hours of a day in which a grid is clean, from a file of the user; nothing here waits, it says how long to."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from protran.errors import InputError

HOURS = 24
_COLUMNS = ("hour", "g_per_kwh")


@dataclass(frozen=True)
class Schedule:
    """Carbon intensity by hour of the day, in the time zone in which the file's hours are meant.

    Attributes:
        g_per_kwh: 24 intensities; the first is that of the hour from 0:00 to 1:00.
    """

    g_per_kwh: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.g_per_kwh) != HOURS:
            raise InputError(f"a schedule needs one intensity for each of {HOURS} hours, got {len(self.g_per_kwh)}")
        wrong = [value for value in self.g_per_kwh if not 0 <= value < math.inf]
        if wrong:
            raise InputError(f"carbon intensity must be finite and at least 0 g/kWh, got {wrong[0]:g}")


def read_schedule(path: Path) -> Schedule:
    """Returns the schedule in a CSV file with the columns `hour` (0 to 23, each once) and `g_per_kwh`.

    Raises:
        InputError: the file cannot be read, or an hour is missing, twice or not a number.
    """
    found: dict[int, float] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: expected the columns hour and g_per_kwh, {missing[0]} is missing")
            for row in rows:
                hour, value = _entry(row, f"{path}:{rows.line_num}")
                if hour in found:
                    raise InputError(f"{path}:{rows.line_num}: expected each hour once, got {hour} again")
                found[hour] = value
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: expected a CSV file of hours, got {error}") from error
    absent = [hour for hour in range(HOURS) if hour not in found]
    if absent:
        raise InputError(f"{path}: expected all hours from 0 to 23, {absent[0]} is missing")
    return Schedule(tuple(found[hour] for hour in range(HOURS)))


def lowest_hours(schedule: Schedule, count: int) -> tuple[int, ...]:
    """Returns the `count` hours of least intensity in the order of the day; of equal ones the earlier.

    Raises:
        InputError: the count is not between 1 and 24.
    """
    if not 1 <= count <= HOURS:
        raise InputError(f"the number of hours must be between 1 and {HOURS}, got {count}")
    return tuple(sorted(sorted(range(HOURS), key=lambda hour: schedule.g_per_kwh[hour])[:count]))


def wait_until_low(schedule: Schedule, now: datetime, count: int) -> float:
    """Returns the seconds from `now` to the next of the `count` lowest hours: 0 within one.

    Args:
        schedule: intensity by hour of the day.
        now: the time, in the time zone of the schedule. A change of the clocks in between is not seen.
        count: how many hours of the day are good enough.

    Raises:
        InputError: the count is not between 1 and 24.
    """
    low = lowest_hours(schedule, count)
    ahead = next(hours for hours in range(HOURS) if (now.hour + hours) % HOURS in low)
    into_hour_s = now.minute * 60 + now.second + now.microsecond * 1e-6
    return ahead * 3600 - into_hour_s if ahead else 0.0


def _entry(row: Mapping[str, str | None], place: str) -> tuple[int, float]:
    try:
        hour, value = int(row["hour"] or ""), float(row["g_per_kwh"] or "")
    except ValueError:
        got = f"{row['hour']!r}, {row['g_per_kwh']!r}"
        raise InputError(f"{place}: expected a whole hour and grams per kWh, got {got}") from None
    if not 0 <= hour < HOURS:
        raise InputError(f"{place}: expected an hour from 0 to 23, got {hour}")
    return hour, value
