"""The contract of a power or energy sensor: a window begins, a window ends, and the meter says what it saw."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

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
        # Plain Python: the agent reads its sensors once at its start, and shall not carry numpy for that.
        steps = zip(self.times_s, self.times_s[1:], self.power_w, self.power_w[1:], strict=False)
        return sum((later_s - earlier_s) * (before_w + after_w) / 2 for earlier_s, later_s, before_w, after_w in steps)

    def peak_w(self, width_s: float = 1.0) -> float:
        """Returns the largest mean power over `width_s` seconds (over the whole trace, where it is shorter).

        Raises:
            DeviceError: the trace is empty.
        """
        if not self.times_s:
            raise DeviceError("an empty power trace has no peak; lengthen the window or raise the sampling rate")
        import numpy as np  # noqa: PLC0415 (see energy_j)

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
        import numpy as np  # noqa: PLC0415 (see energy_j)

        return float(np.percentile(self.power_w, percent))


@dataclass(frozen=True)
class Reading:
    """What a meter saw in one window.

    Attributes:
        duration_s: length of the window.
        energy_j: energy in the window of what the meter covers, which its name says; None where it cannot say.
        trace: power samples; None where the meter has none.
    """

    duration_s: float
    energy_j: float | None
    trace: PowerTrace | None


class Window:
    """A named window of `Meter.window`; its reading is there once the block has ended well."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._reading: Reading | None = None

    @property
    def reading(self) -> Reading:
        """What the meter saw.

        Raises:
            DeviceError: the block has not ended, or ended with an error.
        """
        if self._reading is None:
            raise DeviceError(f"window {self.name!r} has no reading; ask after its block, if that ended well")
        return self._reading

    def keep(self, reading: Reading) -> None:
        """Keeps what the meter saw."""
        self._reading = reading


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

    @property
    def bandwidth_hz(self) -> float | None:
        """Changes of power up to this rate show in the samples; None where nobody says or there are no samples."""
        return None

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

    @contextlib.contextmanager
    def window(self, name: str) -> Iterator[Window]:
        """Runs the block of a `with` statement as one window: ``with meter.window("x") as seen: ...; seen.reading``.

        The window is closed however the block ends, so that another may begin.

        Args:
            name: names the window in errors.

        Raises:
            DeviceError: a window is open already, or the sensor does not answer.
        """
        window = Window(name)
        with _named(name):
            self.begin()
        try:
            yield window
        except BaseException:
            with contextlib.suppress(DeviceError):  # the block's own error says more
                self.end()
            raise
        with _named(name):
            window.keep(self.end())


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except DeviceError as error:
        raise DeviceError(f"window {name!r}: {error}") from error
