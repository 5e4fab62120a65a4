"""Energy of this machine while something runs: windows of its sensor, one after the other, added up."""

from __future__ import annotations

import signal
import threading
from types import TracebackType

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange


class EnergyWindows:
    """Reads a meter every few seconds from entering the context to leaving it.

    A sensor that fails costs the energy, never the program that runs meanwhile.

    Attributes:
        reason: after leaving, why there is no energy; empty where there is.
    """

    def __init__(self, meter: Meter, interval_s: float) -> None:
        self._meter = meter
        self._interval_s = interval_s
        self._energies_j: list[float | None] = []
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.reason = "" if meter.energy_provenance is not Provenance.UNAVAILABLE else "no sensor"

    def __enter__(self) -> EnergyWindows:
        if self.reason:
            return self
        try:
            self._meter.begin()
        except DeviceError as error:
            self.reason = str(error)
            return self
        self._thread = threading.Thread(target=self._read, name="energy windows", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def energy(self) -> EnergyRange:
        """Returns, after the context, the energy of the whole device in it; unavailable where one window has none."""
        known = [energy_j for energy_j in self._energies_j if energy_j is not None]
        if self.reason or not known or len(known) < len(self._energies_j):
            self.reason = self.reason or f"{self._meter.name} gave no energy"
            return UNAVAILABLE_ENERGY
        return EnergyRange.reading(sum(known), self._meter.energy_provenance)

    def _read(self) -> None:
        # Signals are for the thread that waits for the program.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            while not self._ended.wait(self._interval_s):
                self._energies_j.append(self._meter.end().energy_j)
                self._meter.begin()
            self._energies_j.append(self._meter.end().energy_j)
        except DeviceError as error:
            self.reason = str(error)
