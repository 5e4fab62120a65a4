"""The power of a device over one profile: what a picture of it shows, and what CSV and JSON files hold."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protran.errors import InputError

if TYPE_CHECKING:
    from device_agents.measurement import Measurement

NUMBERS = (".csv", ".json")

Sample = tuple[float, float]
"""Seconds since the first idle window began, and watts."""


@dataclass(frozen=True)
class PowerHistory:
    """The power samples of one measurement.

    Attributes:
        title: the model, what a call is, and the device.
        sensor: what measured, with what it covers.
        bandwidth_hz: changes of power up to this rate show in the samples; None where nobody says.
        provenance: where the samples come from.
        samples: in the order of time.
        phases: (idle-before, busy or idle-after; start and end in seconds); there may be gaps between them.
        taken: samples that the sensor gave: more than there are here where they were thinned out.
        peak_w: the measurement's peak power, a moving mean; None where it has none.
        idle_w: mean power of both idle windows; None where it is not known.
        remark: why the measurement does not count; empty where it does.
    """

    title: str
    sensor: str
    bandwidth_hz: float | None
    provenance: str
    samples: tuple[Sample, ...]
    phases: tuple[tuple[str, float, float], ...]
    taken: int
    peak_w: float | None = None
    idle_w: float | None = None
    remark: str = ""

    def place_at(self, time_s: float) -> int | None:
        """Returns the number of the phase that a moment lies in, the later one at a border; None between phases."""
        inside = [number for number, (_, start_s, end_s) in enumerate(self.phases) if start_s <= time_s <= end_s]
        return inside[-1] if inside else None

    def runs(self) -> list[tuple[Sample, ...]]:
        """Returns the samples in pieces that no gap interrupts: one for each phase that has any."""
        pieces: dict[int | None, list[Sample]] = {}
        for sample in self.samples:
            pieces.setdefault(self.place_at(sample[0]), []).append(sample)
        return [tuple(piece) for piece in pieces.values()]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: seconds and watts as two lists, phases as objects."""
        return {
            "title": self.title,
            "sensor": self.sensor,
            "bandwidth_hz": self.bandwidth_hz,
            "provenance": self.provenance,
            "samples_taken": self.taken,
            "peak_power_w": self.peak_w,
            "idle_power_w": self.idle_w,
            "remark": self.remark,
            "phases": [{"name": name, "start_s": start_s, "end_s": end_s} for name, start_s, end_s in self.phases],
            "time_s": [time_s for time_s, _ in self.samples],
            "power_w": [power_w for _, power_w in self.samples],
        }


def history_of(measurement: Measurement, title: str) -> PowerHistory:
    """Returns the power samples that a measurement carries; it must carry some."""
    power, details = measurement.values.get("peak_power_w"), measurement.details
    return PowerHistory(
        title=title,
        sensor=measurement.meter,
        bandwidth_hz=details.get("sensor_bandwidth_hz"),
        provenance="" if power is None else power.provenance.value,
        samples=measurement.power_trace,
        phases=measurement.power_phases,
        taken=round(details.get("power_trace_samples", len(measurement.power_trace))),
        peak_w=None if power is None else power.value,
        idle_w=details.get("idle_power_w"),
        remark=f"{measurement.status.value}: {measurement.reason}" if measurement.reason else "",
    )


def write_numbers(history: PowerHistory, path: Path) -> Path:
    """Writes the samples as CSV (columns time_s, power_w, phase) or as one JSON object, and returns the path.

    Raises:
        InputError: the path ends in neither .csv nor .json, or cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in NUMBERS:
        raise InputError(f"numbers of a power trace must end in {' or '.join(NUMBERS)}; got {path.name!r}")
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if suffix == ".json":
                file.write(json.dumps(history.to_json(), allow_nan=False) + "\n")
            else:
                rows = csv.writer(file, lineterminator="\n")
                rows.writerow(("time_s", "power_w", "phase"))
                rows.writerows((*sample, _phase_at(history, sample[0])) for sample in history.samples)
    except OSError as error:
        raise InputError(f"cannot write the power trace {path}: {error.strerror or error}") from error
    return path


def _phase_at(history: PowerHistory, time_s: float) -> str:
    place = history.place_at(time_s)
    return "" if place is None else history.phases[place][0]
