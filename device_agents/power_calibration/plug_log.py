"""The log of a plug meter: power at times of day, averaged over a plateau."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from device_agents.errors import DeviceError
from device_agents.power_calibration.holding import Held

SETTLE_S = 10.0
"""Left out at the begin of a plateau, but never more than a tenth of it: plug meters average over seconds."""
TIMES = ("time_s", "utc")
WATTS = ("watts", "power_w")
_UNIX_FROM_S = 1e9
_LEAST_SAMPLES = 3


@dataclass(frozen=True)
class PlugLog:
    """Power at the plug over time.

    Attributes:
        times_s: rising; seconds since 1970, or since the calibration began where `from_begin` says so.
        power_w: power at these times.
        from_begin: what the times count from.
    """

    times_s: tuple[float, ...]
    power_w: tuple[float, ...]
    from_begin: bool

    def mean_w(self, held: Held, began_utc_s: float) -> float:
        """Returns the mean power of a plateau without its begin, by the trapezoidal rule.

        Args:
            held: the plateau.
            began_utc_s: when the calibration began.

        Raises:
            DeviceError: the log does not cover the plateau, or holds too few samples of it.
        """
        import numpy as np  # noqa: PLC0415 - as everywhere beside the runner: only where it is used

        origin_s = began_utc_s if self.from_begin else 0.0
        settle_s = min(SETTLE_S, held.duration_s / 10)
        first_s, last_s = held.began_utc_s + settle_s - origin_s, held.began_utc_s + held.duration_s - origin_s
        times, power = np.asarray(self.times_s), np.asarray(self.power_w)  # (n,)
        inside = (times > first_s) & (times < last_s)
        if times[0] > first_s or times[-1] < last_s or inside.sum() < _LEAST_SAMPLES:
            raise DeviceError(
                f"{held.plateau.value}: expected the log to cover {first_s:.1f} to {last_s:.1f} s with at least "
                f"{_LEAST_SAMPLES} samples, it has {int(inside.sum())} there and covers {times[0]:.1f} to "
                f"{times[-1]:.1f} s; compare the clocks of the meter and of this machine"
            )
        cut = np.concatenate([[first_s], times[inside], [last_s]])  # the edges count, interpolated
        watts = np.interp(cut, times, power)
        return float(np.sum(np.diff(cut) * (watts[1:] + watts[:-1]) / 2) / (last_s - first_s))


def read_plug_log(path: Path) -> PlugLog:
    """Returns the log in a CSV file.

    It needs a column `watts` (or `power_w`), and one of times: `time_s` in seconds since the calibration began, or
    since 1970 where the numbers are that large; or `utc` with stamps such as ``2026-11-26T15:30:05Z``.

    Raises:
        DeviceError: the file cannot be read, lacks a column, or holds something else than rising times and numbers.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            time_column = _column(path, rows.fieldnames or (), TIMES)
            watts_column = _column(path, rows.fieldnames or (), WATTS)
            samples = [
                (_time_s(row[time_column], time_column, place), _number(row[watts_column], place))
                for row in rows
                for place in (f"{path}:{rows.line_num}",)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DeviceError(f"{path}: expected a CSV file with the plug meter's log, got {error}") from error
    times_s = tuple(time_s for time_s, _ in samples)
    if len(samples) < _LEAST_SAMPLES:
        raise DeviceError(f"{path}: expected at least {_LEAST_SAMPLES} samples, got {len(samples)}")
    if any(later <= earlier for earlier, later in pairwise(times_s)):
        raise DeviceError(f"{path}: expected times that rise from line to line")
    return PlugLog(times_s, tuple(watts for _, watts in samples), from_begin=times_s[0] < _UNIX_FROM_S)


def _column(path: Path, columns: Sequence[str], names: Sequence[str]) -> str:
    found = [name for name in names if name in columns]
    if len(found) != 1:
        raise DeviceError(
            f"{path}: expected one of the columns {' or '.join(names)}, got {', '.join(columns) or 'none'}"
        )
    return found[0]


def _time_s(text: str | None, column: str, place: str) -> float:
    if column == "time_s":
        return _number(text, place)
    try:
        stamp = datetime.fromisoformat(text or "")
    except ValueError:
        raise DeviceError(f"{place}: expected a UTC stamp such as 2026-11-26T15:30:05Z, got {text!r}") from None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()


def _number(text: str | None, place: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DeviceError(f"{place}: expected a finite number, got {text!r}")
    return value
