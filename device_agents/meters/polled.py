"""The meter of a live sensor: opens a window, has it looked at while it is open, closes it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, Reading
from device_agents.meters.poller import Poller


class LiveWindow(Protocol):
    """What a sensor saw since a moment; `CounterWindow` and `SampleWindow` are two."""

    def look(self) -> None:
        """Reads the sensor. Raises `DeviceError` where it does not answer."""

    def close(self) -> Reading:
        """Reads the sensor a last time and returns what was seen. Raises `DeviceError` where nothing can be said."""


class PolledMeter(Meter):
    """Reads a sensor of this machine.

    Args:
        name: the sensor and what it covers.
        open_window: begins to look; raises `DeviceError` where the sensor does not answer.
        poller: what looks while a window is open.
        energy: provenance of the energies.
        power: provenance of the power samples.
        bandwidth_hz: changes of power up to this rate are resolved; None where nobody says.
        let_go: called once, by the first `close`.
    """

    def __init__(
        self,
        name: str,
        open_window: Callable[[], LiveWindow],
        poller: Poller,
        *,
        energy: Provenance,
        power: Provenance,
        bandwidth_hz: float | None = None,
        let_go: Callable[[], None] | None = None,
    ) -> None:
        self._name = name
        self._open_window = open_window
        self._poller = poller
        self._energy = energy
        self._power = power
        self._bandwidth_hz = bandwidth_hz
        self._let_go = let_go
        self._window: LiveWindow | None = None

    @property
    def name(self) -> str:
        """Name of the sensor and of what it covers."""
        return self._name

    @property
    def energy_provenance(self) -> Provenance:
        """Where the energy of a reading comes from."""
        return self._energy

    @property
    def power_provenance(self) -> Provenance:
        """Where the power samples of a reading come from."""
        return self._power

    @property
    def bandwidth_hz(self) -> float | None:
        """Rate of the fastest changes of power that the samples resolve."""
        return self._bandwidth_hz

    def begin(self) -> None:
        """Begins a window. Raises `DeviceError` where one is open or the sensor does not answer."""
        if self._window is not None:
            raise DeviceError("a window of this meter is open already; end it first")
        window = self._open_window()
        self._poller.start(window.look)
        self._window = window

    def end(self) -> Reading:
        """Returns what was seen. Whatever it raises, the window is closed and another may begin.

        Raises:
            DeviceError: no window is open, the sensor did not answer, or what it said cannot be true.
        """
        if self._window is None:
            raise DeviceError("no window of this meter is open; begin one first")
        window, self._window = self._window, None
        self._poller.stop()
        return window.close()

    def close(self) -> None:
        """Drops an open window and lets go of the sensor. May be called twice."""
        self._window = None
        with contextlib.suppress(DeviceError):  # nobody asks for that window any more
            self._poller.stop()
        let_go, self._let_go = self._let_go, None
        if let_go is not None:
            let_go()
