"""Estimates of energy from core-seconds, for machines without a sensor and only where a user asks for one.

Without a calibration it is a wide range, because a core-second costs a small board much less than a desktop: it
compares nothing and is good for an order of magnitude. With the plug-meter calibration of this very machine it is a
range that held every load that the calibration tried. Peak power is estimated by neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from device_agents.clock import Clock, SystemClock
from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, Reading
from device_agents.meters.energy_range import EnergyRange
from device_agents.power_calibration.calibration import Calibration
from device_agents.power_calibration.storage import calibration_path, load_calibration


@dataclass(frozen=True)
class WattsPerCore:
    """What a busy core may draw.

    Attributes:
        low_w: of the thriftiest machine that is thought of.
        high_w: of the hungriest.
        source: where both come from.
    """

    low_w: float
    high_w: float
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.low_w <= self.high_w < math.inf:
            raise DeviceError(f"watts per core need 0 < low <= high, got {self.low_w:g} and {self.high_w:g}")


GENERIC_WATTS = WattsPerCore(
    low_w=0.8,
    high_w=23.8,
    source=(
        "low: Raspberry Pi 4, (5.4 W high load - 2.2 W idle) / 4 cores, chipwired.com/raspberry-pi-power-use; "
        "high: largest TDP per core of the Green Algorithms table of processors (Core i7-6700K, 95 W / 4 cores)"
    ),
)
"""Without what the idle machine draws at the low end; a processor's full thermal design power at the high end."""


def estimate_energy(core_seconds: float, watts: WattsPerCore = GENERIC_WATTS) -> EnergyRange:
    """Returns core-seconds times watts per core, `estimated-generic`.

    Args:
        core_seconds: processor time of all cores together.
        watts: what a busy core may draw.

    Raises:
        DeviceError: the core-seconds are negative or not finite.
    """
    if not 0 <= core_seconds < math.inf:
        raise DeviceError(f"core-seconds must be finite and at least 0, got {core_seconds:g}")
    return EnergyRange(core_seconds * watts.low_w, core_seconds * watts.high_w, Provenance.ESTIMATED_GENERIC)


def estimate_machine_energy(duration_s: float, core_seconds: float, calibration: Calibration | None) -> EnergyRange:
    """Returns the energy of a span of time: calibrated where there is a calibration that may be used, else generic.

    Calibrated, it is that of the whole machine at the plug, what it draws when idle included, as if nothing but the
    core-seconds had kept it busy. Generic, it is that of the core-seconds alone.

    Args:
        duration_s: length of the span.
        core_seconds: processor time of all cores together in it.
        calibration: this machine's; `usable_calibration` finds it.

    Raises:
        DeviceError: a number is negative or not finite, or the calibration may not be used.
    """
    if calibration is None:
        return estimate_energy(core_seconds)
    if calibration.unusable:
        raise DeviceError(f"the calibration of {calibration.date} cannot be used: {calibration.unusable}")
    if not 0 <= core_seconds < math.inf or not 0 <= duration_s < math.inf:
        raise DeviceError(
            f"core-seconds and duration must be finite and at least 0, got {core_seconds:g} and {duration_s:g}"
        )
    if duration_s == 0:
        return EnergyRange(0.0, 0.0, Provenance.ESTIMATED_CALIBRATED)
    low_w, high_w = calibration.fit.model.power_range_w(core_seconds / duration_s)
    return EnergyRange(low_w * duration_s, high_w * duration_s, Provenance.ESTIMATED_CALIBRATED)


def usable_calibration(path: Path | None = None, identity: str = "") -> Calibration | None:
    """Returns the calibration of this machine if there is one that may be used, else None.

    Args:
        path: its file; the one in the user's data folder, if not given.
        identity: this machine's; asked of it, if not given.

    Raises:
        DeviceError: the file cannot be read, holds something else, or belongs to another device.
    """
    identity = identity or device_identity()
    path = path or calibration_path(identity)
    calibration = load_calibration(path)
    if calibration is not None and calibration.identity != identity:
        raise DeviceError(
            f"{path}: this calibration is of device {calibration.identity} ({calibration.processor}), this is "
            f"{identity}; run protran device calibrate-power here"
        )
    return None if calibration is None or calibration.unusable else calibration


class EstimateMeter(Meter):
    """Estimates the energy of a window from the processor time of this process in it; no sensor is read.

    A reading lies in the range that `energy_range` returns: calibrated, it is what the model says for a program that
    waits for memory half of its time; generic, the geometric middle of ends that are a factor of 30 apart, and nothing
    for an idle window.
    """

    def __init__(self, calibration: Calibration | None = None, clock: Clock | None = None) -> None:
        self._calibration = calibration
        self._clock = clock or SystemClock()
        self._began: tuple[float, float] | None = None  # wall and CPU seconds

    @property
    def name(self) -> str:
        """What the estimate rests on."""
        if self._calibration is None:
            return f"estimate, {GENERIC_WATTS.low_w:g} to {GENERIC_WATTS.high_w:g} W per busy core"
        forced = f"; forced: {'; '.join(self._calibration.faults)}" if self._calibration.faults else ""
        return f"estimate, calibrated {self._calibration.date[:10]} with {self._calibration.plug_meter}{forced}"

    @property
    def energy_provenance(self) -> Provenance:
        """Estimated, calibrated or generic."""
        return Provenance.ESTIMATED_GENERIC if self._calibration is None else Provenance.ESTIMATED_CALIBRATED

    @property
    def power_provenance(self) -> Provenance:
        """Always unavailable: core-seconds of a window do not tell its peak."""
        return Provenance.UNAVAILABLE

    def energy_range(self, duration_s: float, core_seconds: float) -> EnergyRange:
        """Returns the range of the energy of such a window."""
        return estimate_machine_energy(duration_s, core_seconds, self._calibration)

    def begin(self) -> None:
        """Begins a window. Raises `DeviceError` where one is open."""
        if self._began is not None:
            raise DeviceError("a window of this meter is open already; end it first")
        self._began = (self._clock.wall_s(), self._clock.cpu_s())

    def end(self) -> Reading:
        """Returns the estimate for the window, without energy where it rests on nothing.

        Raises:
            DeviceError: no window is open.
        """
        if self._began is None:
            raise DeviceError("no window of this meter is open; begin one first")
        (began_s, began_cpu_s), self._began = self._began, None
        duration_s, core_seconds = self._clock.wall_s() - began_s, self._clock.cpu_s() - began_cpu_s
        return Reading(duration_s, self._middle_j(duration_s, core_seconds) or None, trace=None)

    def _middle_j(self, duration_s: float, core_seconds: float) -> float:
        energy = self.energy_range(duration_s, core_seconds)
        if self._calibration is None:
            return math.sqrt((energy.low_j or 0.0) * (energy.high_j or 0.0))
        if duration_s == 0:
            return 0.0
        model = self._calibration.fit.model
        return max(0.0, model.power_w(core_seconds / duration_s, memory_share=0.5)) * duration_s


def open_estimate(path: str = "", clock: Clock | None = None) -> Meter:
    """Returns the estimating meter of this machine: calibrated where it has a calibration that may be used.

    Args:
        path: file of the calibration; the one in the user's data folder, if empty.
        clock: tells wall time and processor time.

    Raises:
        DeviceError: the calibration is damaged or another device's.
    """
    return EstimateMeter(usable_calibration(Path(path) if path else None), clock)
