"""The meter of a machine without a sensor: it never says a joule."""

from __future__ import annotations

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, Reading


class NoMeter(Meter):
    """No sensor, so no energy and no power; windows have a duration and nothing else."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._began_s: float | None = None

    @property
    def name(self) -> str:
        """`none`."""
        return "none"

    @property
    def energy_provenance(self) -> Provenance:
        """Always unavailable."""
        return Provenance.UNAVAILABLE

    @property
    def power_provenance(self) -> Provenance:
        """Always unavailable."""
        return Provenance.UNAVAILABLE

    def begin(self) -> None:
        """Begins a window. Raises `DeviceError` where one is open."""
        if self._began_s is not None:
            raise DeviceError("a window of this meter is open already; end it first")
        self._began_s = self._clock.wall_s()

    def end(self) -> Reading:
        """Returns the duration of the window. Raises `DeviceError` where none is open."""
        if self._began_s is None:
            raise DeviceError("no window of this meter is open; begin one first")
        duration_s = self._clock.wall_s() - self._began_s
        self._began_s = None
        return Reading(duration_s, energy_j=None, trace=None)
