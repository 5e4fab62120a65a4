"""The contract of a power or energy sensor: a window begins, a window ends, and the meter says what it saw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance


@dataclass(frozen=True)
class PowerTrace:
    """Power over time.

    Attributes:
        times_s: rising times of the samples, seconds from the begin of the window.
        power_w: power at these times.
    """

    times_s: tuple[float, ...]
    power_w: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.times_s) != len(self.power_w):
            raise DeviceError(
                f"a power trace needs one power per time, got {len(self.times_s)} times and {len(self.power_w)} powers"
            )
        if any(later <= earlier for earlier, later in zip(self.times_s, self.times_s[1:], strict=False)):
            raise DeviceError("the times of a power trace must rise from sample to sample")

    def energy_j(self) -> float:
        """Returns the integral of power over the trace by the trapezoidal rule; 0 for fewer than two samples."""
        return float(np.trapezoid(self.power_w, self.times_s)) if len(self.times_s) > 1 else 0.0

    def peak_w(self, width_s: float = 1.0) -> float:
        """Returns the largest mean power over `width_s` seconds (over the whole trace, where it is shorter).

        Raises:
            DeviceError: the trace is empty.
        """
        if not self.times_s:
            raise DeviceError("an empty power trace has no peak; lengthen the window or raise the sampling rate")
        times, power = np.asarray(self.times_s), np.asarray(self.power_w)  # (n,)
        width_s = min(width_s, float(times[-1] - times[0]))
        if width_s <= 0:
            return float(power.max())
        steps = np.diff(times) * (power[1:] + power[:-1]) / 2  # (n - 1,)
        energy = np.concatenate([[0.0], np.cumsum(steps)])  # (n,)
        # Energy is interpolated linearly between samples, so the largest mean begins or ends at one of them.
        starts = np.concatenate([times, times - width_s])
        starts = starts[(starts >= times[0]) & (starts + width_s <= times[-1] + 1e-12)]
        means = (np.interp(starts + width_s, times, energy) - np.interp(starts, times, energy)) / width_s
        return float(means.max())

    def percentile_w(self, percent: float) -> float:
        """Returns the given percentile of the raw power samples (at least one)."""
        return float(np.percentile(self.power_w, percent))


@dataclass(frozen=True)
class Reading:
    """What a meter saw in one window.

    Attributes:
        duration_s: length of the window.
        energy_j: energy of the whole device in the window; None where the meter cannot say.
        trace: power samples; None where the meter has none.
    """

    duration_s: float
    energy_j: float | None
    trace: PowerTrace | None


class Meter(ABC):
    """A sensor. One owner per node; windows of one meter never overlap.

    A subclass says with `energy_provenance` and `power_provenance` what its figures are worth: `UNAVAILABLE` means that
    a reading never holds them.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the sensor and of what it covers, for example `replay of trace.csv`."""

    @property
    @abstractmethod
    def energy_provenance(self) -> Provenance:
        """Where the energy of a reading comes from."""

    @property
    @abstractmethod
    def power_provenance(self) -> Provenance:
        """Where the power samples of a reading come from."""

    @abstractmethod
    def begin(self) -> None:
        """Begins a window.

        Raises:
            DeviceError: a window is open already, or the sensor does not answer.
        """

    @abstractmethod
    def end(self) -> Reading:
        """Ends the window and returns what was seen in it.

        Raises:
            DeviceError: no window is open, or the sensor does not answer.
        """

    def close(self) -> None:  # noqa: B027 - most sensors hold nothing that needs closing
        """Lets go of the sensor. May be called twice."""
