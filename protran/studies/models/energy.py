"""Energy and CO2e of trainings and inferences: what a sensor read, else, if it was asked for, an estimate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange
from device_agents.meters.estimate import estimate_machine_energy
from device_agents.power_calibration.calibration import Calibration
from protran.carbon.grid import Grid


class EnergySpan(Protocol):
    """Reads this machine's energy from entering the context to leaving it."""

    def __enter__(self) -> EnergySpan: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def energy(self) -> EnergyRange:
        """Returns, after the context, the energy in it; unavailable where none was read."""


Metering = Callable[[], EnergySpan]


class NoSensor:
    """Reads nothing."""

    def __enter__(self) -> NoSensor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def energy(self) -> EnergyRange:
        """Returns that there is none."""
        return UNAVAILABLE_ENERGY


@dataclass(frozen=True)
class EnergyQuestion:
    """What a table is to say of energy.

    Attributes:
        grid: what feeds the machine; None for no CO2e.
        estimate: whether an estimate from core-seconds may stand where no sensor read anything.
        calibration: of this machine, for that estimate; None for the generic range.
    """

    grid: Grid | None = None
    estimate: bool = False
    calibration: Calibration | None = None

    def energy(self, read_j: float, read_provenance: str, wall_s: float, core_s: float) -> EnergyRange:
        """Returns the energy of a span: the reading (NaN where there is none), or the estimate if it was asked for."""
        if not math.isnan(read_j):
            return EnergyRange.reading(read_j, Provenance(read_provenance))
        if not self.estimate or math.isnan(core_s):
            return UNAVAILABLE_ENERGY
        return estimate_machine_energy(wall_s, core_s, self.calibration)

    def grams(self, energy: EnergyRange) -> float:
        """Returns the grams of CO2e; NaN where energy or grid is not known."""
        return math.nan if self.grid is None else middle_j(energy) * self.grid.g_per_j


def middle_j(energy: EnergyRange) -> float:
    """Returns one figure for a range, its geometric middle (of a reading, the reading); NaN where there is none."""
    if energy.low_j is None or energy.high_j is None:
        return math.nan
    return math.sqrt(energy.low_j * energy.high_j)
