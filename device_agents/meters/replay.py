"""The replay meter: plays a recorded power trace as if it happened now, so that energy code runs without a sensor."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, PowerTrace, Reading

_COLUMNS = ("time_s", "power_w")


class ReplayMeter(Meter):
    """Plays `trace` from the moment of its creation on; a window sees the part that played during it.

    What it reads was measured once, elsewhere: its values are `simulated`.
    """

    def __init__(self, trace: PowerTrace, clock: Clock | None = None, name: str = "replay") -> None:
        if len(trace.times_s) < 2:
            raise DeviceError(f"a trace to replay needs at least two samples, got {len(trace.times_s)}")
        self._trace = trace
        self._clock = clock or SystemClock()
        self._name = name
        self._origin_s = self._clock.wall_s()
        self._began_s: float | None = None

    @classmethod
    def from_csv(cls, path: str | Path, clock: Clock | None = None) -> ReplayMeter:
        """Returns a meter that replays a CSV file with the columns `time_s` and `power_w`.

        Raises:
            DeviceError: the file cannot be read, lacks a column or holds something else than numbers.
        """
        path = Path(path)
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = csv.DictReader(file)
                missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
                if missing:
                    raise DeviceError(f"{path}: expected the columns time_s and power_w, {missing[0]} is missing")
                samples = [_sample(row, f"{path}:{rows.line_num}") for row in rows]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DeviceError(f"{path}: expected a CSV file with a power trace, got {error}") from error
        trace = PowerTrace(tuple(time_s for time_s, _ in samples), tuple(power_w for _, power_w in samples))
        return cls(trace, clock, f"replay of {path.name}")

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self._name

    @property
    def energy_provenance(self) -> Provenance:
        """Simulated: it was not measured on what runs now."""
        return Provenance.SIMULATED

    @property
    def power_provenance(self) -> Provenance:
        """Simulated: it was not measured on what runs now."""
        return Provenance.SIMULATED

    def begin(self) -> None:
        """Begins a window. Raises `DeviceError` where one is open."""
        if self._began_s is not None:
            raise DeviceError("a window of this meter is open already; end it first")
        self._began_s = self._played_s()

    def end(self) -> Reading:
        """Returns the part of the trace that played during the window.

        Raises:
            DeviceError: no window is open, or the trace ended before the window did.
        """
        if self._began_s is None:
            raise DeviceError("no window of this meter is open; begin one first")
        began_s, ended_s, self._began_s = self._began_s, self._played_s(), None
        if ended_s > self._trace.times_s[-1] or began_s < self._trace.times_s[0]:
            first, last = self._trace.times_s[0], self._trace.times_s[-1]
            raise DeviceError(
                f"the recorded trace covers {first:g} to {last:g} s, the window is {began_s:g} to {ended_s:g} s; "
                "record a longer one"
            )
        part = self._between(began_s, ended_s)
        return Reading(ended_s - began_s, part.energy_j(), part)

    def _played_s(self) -> float:
        return self._clock.wall_s() - self._origin_s

    def _between(self, began_s: float, ended_s: float) -> PowerTrace:
        times, power = np.asarray(self._trace.times_s), np.asarray(self._trace.power_w)
        inside = (times > began_s) & (times < ended_s)
        cut = np.unique(np.concatenate([[began_s], times[inside], [ended_s]]))  # the edges count, interpolated
        return PowerTrace(
            tuple(float(time) for time in cut - began_s), tuple(float(watts) for watts in np.interp(cut, times, power))
        )


def _sample(row: Mapping[str, str | None], place: str) -> tuple[float, float]:
    return _number(row["time_s"], place), _number(row["power_w"], place)


def _number(text: str | None, place: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        raise DeviceError(f"{place}: expected a number, got {text!r}") from None
    if not np.isfinite(value):
        raise DeviceError(f"{place}: expected a finite number, got {text!r}")
    return value
