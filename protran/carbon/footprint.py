"""The carbon footprint of work: grams of CO2e, training and inference apart, with the provenance of the energy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from types import MappingProxyType
from typing import Any

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import EnergyRange
from protran.carbon.grid import Grid
from protran.carbon.intensity import Intensity
from protran.errors import InputError

MEMORY_W_PER_GB = 0.3725
"""Power of memory that is kept for a program, used or not. Source: Lannelongue et al., Green Algorithms, 2021."""


class Stage(str, Enum):
    """What the energy was used for; `SEARCH` is the search's own, `PROGRAM` a program of which nothing is known."""

    TRAINING = "training"
    INFERENCE = "inference"
    SEARCH = "search"
    PROGRAM = "program"


@dataclass(frozen=True)
class Emission:
    """Grams of CO2e as a range; both ends are None exactly where the energy is unavailable."""

    low_g: float | None
    high_g: float | None
    provenance: Provenance

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"low_g", "high_g", "provenance"}``."""
        return {"low_g": self.low_g, "high_g": self.high_g, "provenance": self.provenance.value}


@dataclass(frozen=True)
class Footprint:
    """What the parts of some work emitted, and together.

    Attributes:
        energies: by stage, what the device used (at least one stage).
        intensity: of the grid that fed it.
        pue: power usage effectiveness of the building, as in `Grid`.
    """

    energies: Mapping[Stage, EnergyRange] = field(hash=False)
    intensity: Intensity
    pue: float = 1.0

    def __post_init__(self) -> None:
        if not self.energies:
            raise InputError("a footprint needs the energy of at least one stage, got none")
        Grid(self.intensity, self.pue)  # refuses a building that cannot be
        object.__setattr__(self, "energies", MappingProxyType(dict(self.energies)))

    def emission(self, stage: Stage) -> Emission:
        """Returns the emission of one stage.

        Raises:
            InputError: the footprint has no such stage.
        """
        if stage not in self.energies:
            known = ", ".join(known.value for known in self.energies)
            raise InputError(f"stage must be one of {known}; got {stage.value}")
        return self._emission(self.energies[stage])

    def total(self) -> Emission:
        """Returns the emission of all stages; unavailable where that of one is, for a part is no total."""
        return self._emission(reduce(EnergyRange.plus, self.energies.values()))

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"intensity", "pue", "parts": {stage: {"energy", "emission"}}, "total"}``."""
        return {
            **Grid(self.intensity, self.pue).to_json(),
            "parts": {
                stage.value: {"energy": energy.to_json(), "emission": self._emission(energy).to_json()}
                for stage, energy in self.energies.items()
            },
            "total": self.total().to_json(),
        }

    def _emission(self, energy: EnergyRange) -> Emission:
        """Returns energy x PUE x intensity."""
        if energy.low_j is None or energy.high_j is None:
            return Emission(None, None, Provenance.UNAVAILABLE)
        g_per_j = Grid(self.intensity, self.pue).g_per_j
        return Emission(energy.low_j * g_per_j, energy.high_j * g_per_j, energy.provenance)


def memory_energy(memory_bytes: float, duration_s: float) -> EnergyRange:
    """Returns what memory draws while it is kept for a program: the memory term of Green Algorithms.

    Add it with `EnergyRange.plus` to an energy that does not hold the memory's own.

    Args:
        memory_bytes: memory that is kept for the program, used or not.
        duration_s: how long.

    Raises:
        InputError: one of them is negative or not finite.
    """
    if not (0 <= memory_bytes < math.inf and 0 <= duration_s < math.inf):
        raise InputError(f"memory and duration must be at least 0, got {memory_bytes:g} bytes and {duration_s:g} s")
    return EnergyRange.reading(MEMORY_W_PER_GB * memory_bytes / 1e9 * duration_s, Provenance.ESTIMATED_GENERIC)
