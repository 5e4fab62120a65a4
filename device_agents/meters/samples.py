"""A window seen through power samples: energy is their integral."""

from __future__ import annotations

from collections.abc import Callable

from device_agents.clock import Clock
from device_agents.errors import DeviceError
from device_agents.meters.base import PowerTrace, Reading

STALE_AFTER_S = 1.0
"""Every powered sensor moves within a second; shorter windows may fall between two of its updates."""


class SampleWindow:
    """Power samples from the moment of creation on, each stamped when its reading began.

    Args:
        name: the sensor, for errors.
        read_w: returns the power now.
        clock: what stamps the samples.

    Raises:
        DeviceError: the sensor does not answer.
    """

    def __init__(self, name: str, read_w: Callable[[], float], clock: Clock) -> None:
        self._name = name
        self._read_w = read_w
        self._clock = clock
        self._began_s = clock.wall_s()
        self._samples = [(0.0, read_w())]

    def look(self) -> None:
        """Takes a sample. Raises `DeviceError` where the sensor does not answer."""
        now_s = self._clock.wall_s() - self._began_s
        power_w = self._read_w()
        if now_s > self._samples[-1][0]:
            self._samples.append((now_s, power_w))

    def trace(self) -> PowerTrace:
        """Returns the samples so far."""
        times, powers = zip(*self._samples, strict=True)
        return PowerTrace(times, powers)

    def close(self) -> Reading:
        """Takes the last sample and returns the reading; a window of no length has no energy.

        Raises:
            DeviceError: the sensor does not answer, or saw no power for a second or more.
        """
        self.look()
        trace = self.trace()
        duration_s, energy_j = trace.times_s[-1], trace.energy_j()
        if energy_j > 0:
            return Reading(duration_s, energy_j, trace)
        if duration_s >= STALE_AFTER_S:
            raise DeviceError(
                f"{self._name}: expected power above 0 W, got {energy_j / duration_s:g} W over {duration_s:g} s; "
                "check what the sensor is wired to"
            )
        return Reading(duration_s, None, None)
