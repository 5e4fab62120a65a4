"""A generic estimate of energy from core-seconds, for machines without a sensor and only where a user asks for it.

It is a wide range, because a core-second costs a small board much less than a desktop: it compares nothing and is good
for an order of magnitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.energy_range import EnergyRange


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
