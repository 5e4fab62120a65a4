"""What feeds a device: a grid of some intensity, through a building that draws more than its computers do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from device_agents.measurement import UNAVAILABLE, Value
from protran.carbon.intensity import Intensity
from protran.errors import InputError

JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True)
class Grid:
    """From joules of a device to grams of CO2e.

    Attributes:
        intensity: of the grid that feeds it.
        pue: power usage effectiveness: what the building draws for each joule of the device. 1 for a device at home,
            where nothing is cooled for it.
    """

    intensity: Intensity
    pue: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.pue < math.inf:
            raise InputError(f"power usage effectiveness (PUE) must be finite and at least 1, got {self.pue:g}")

    @property
    def g_per_j(self) -> float:
        """Grams of CO2e for each joule of the device. Source: Lannelongue et al., Green Algorithms, 2021."""
        return self.pue * self.intensity.g_per_kwh / JOULES_PER_KWH

    def grams(self, energy_j: Value) -> Value:
        """Returns the grams of CO2e of a measured energy: its provenance, its relative error; unavailable where it is.

        The figure of the grid is taken as exact.
        """
        if energy_j.value is None:
            return UNAVAILABLE
        stderr_g = None if energy_j.stderr is None else energy_j.stderr * self.g_per_j
        return Value(energy_j.value * self.g_per_j, stderr_g, energy_j.provenance)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"intensity", "pue"}``."""
        return {"intensity": self.intensity.to_json(), "pue": self.pue}
