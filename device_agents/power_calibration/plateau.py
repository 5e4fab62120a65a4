"""The plateaus of a calibration: loads that are held steady while a plug meter is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.errors import DeviceError


class Plateau(str, Enum):
    """What the machine does while the meter is read.

    IDLE: nothing of ours. ONE_CORE, ALL_CORES: arithmetic on that many cores. MEMORY_BOUND: every core copies arrays
    that are larger than its caches.
    """

    IDLE = "idle"
    ONE_CORE = "one-core"
    ALL_CORES = "all-cores"
    MEMORY_BOUND = "memory-bound"


PLATEAU_S = 120.0
"""The least that a plateau must last for its figures to be used: fans and clocks need a minute to settle."""


@dataclass(frozen=True)
class PlateauWatts:
    """What a machine drew during one plateau.

    Attributes:
        plateau: what it did.
        busy_cores: cores that our load kept busy, on average; 0 when idle.
        power_w: mean power at the plug.
        duration_s: how long the load was held.
        other_busy_cores: cores that anything else kept busy meanwhile; None where the machine does not say.
    """

    plateau: Plateau
    busy_cores: float
    power_w: float
    duration_s: float
    other_busy_cores: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.power_w < math.inf:
            raise DeviceError(
                f"{self.plateau.value}: a machine that runs draws more than 0 W, got {self.power_w:g} W; read the plug "
                "meter again"
            )
        if not 0 <= self.busy_cores < math.inf or not 0 < self.duration_s < math.inf:
            raise DeviceError(
                f"{self.plateau.value}: expected busy cores >= 0 for more than 0 s, got {self.busy_cores:g} cores for "
                f"{self.duration_s:g} s"
            )

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same plateau."""
        return {
            "plateau": self.plateau.value,
            "busy_cores": self.busy_cores,
            "power_w": self.power_w,
            "duration_s": self.duration_s,
            "other_busy_cores": self.other_busy_cores,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> PlateauWatts:
        """Returns the plateau that `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it wrote something else.
            DeviceError: the numbers cannot be.
        """
        other = payload["other_busy_cores"]
        return cls(
            Plateau(payload["plateau"]),
            float(payload["busy_cores"]),
            float(payload["power_w"]),
            float(payload["duration_s"]),
            None if other is None else float(other),
        )
