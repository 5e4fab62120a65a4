"""Energy of one span of time as a range: both ends are equal where a sensor read it, apart where it is an estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance

_BEST_FIRST = (
    Provenance.MEASURED_COUNTER,
    Provenance.MEASURED_SAMPLED,
    Provenance.ESTIMATED_CALIBRATED,
    Provenance.ESTIMATED_GENERIC,
    Provenance.IMPORTED,
    Provenance.PREDICTED,
    Provenance.SIMULATED,
    Provenance.UNAVAILABLE,
)


@dataclass(frozen=True)
class EnergyRange:
    """Energy in joules; both ends are None exactly where it is unavailable.

    Attributes:
        low_j: the least that it may be.
        high_j: the most that it may be; equal to `low_j` for a sensor's reading.
        provenance: where it comes from.
    """

    low_j: float | None
    high_j: float | None
    provenance: Provenance

    def __post_init__(self) -> None:
        if self.provenance not in _BEST_FIRST:
            raise DeviceError(f"energy is measured, estimated or unavailable; got {self.provenance.value}")
        ends = (self.low_j, self.high_j)
        if self.provenance is Provenance.UNAVAILABLE:
            if ends != (None, None):
                raise DeviceError(f"energy that is unavailable has no joules, got {ends}; name its provenance")
            return
        if self.low_j is None or self.high_j is None or not 0 <= self.low_j <= self.high_j < math.inf:
            raise DeviceError(f"energy needs 0 <= low <= high, finite, got {ends} ({self.provenance.value})")

    @classmethod
    def reading(cls, energy_j: float, provenance: Provenance) -> EnergyRange:
        """Returns the range of one figure: from it to it."""
        return cls(energy_j, energy_j, provenance)

    def plus(self, other: EnergyRange) -> EnergyRange:
        """Returns the sum, with the weaker provenance of the two; unavailable where one of them is."""
        provenance = max(self.provenance, other.provenance, key=_BEST_FIRST.index)
        if self.low_j is None or self.high_j is None or other.low_j is None or other.high_j is None:
            return UNAVAILABLE_ENERGY
        return EnergyRange(self.low_j + other.low_j, self.high_j + other.high_j, provenance)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"low_j", "high_j", "provenance"}``."""
        return {"low_j": self.low_j, "high_j": self.high_j, "provenance": self.provenance.value}


UNAVAILABLE_ENERGY = EnergyRange(None, None, Provenance.UNAVAILABLE)
