"""Power as a function of busy cores: what an idle machine draws, and what each busy core adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device_agents.errors import DeviceError
from device_agents.power_calibration.plateau import Plateau, PlateauWatts

MOST_HELD_OUT_ERROR = 0.25
MOST_OTHER_CORES = 0.25
"""More than this many cores kept busy by anything else would be counted as what an idle machine or our load draws."""


@dataclass(frozen=True)
class PowerModel:
    """Power of the whole machine at the plug.

    Attributes:
        idle_w: with nothing running.
        core_w: what a core adds that does arithmetic.
        memory_w: what it adds beyond that (or less, if negative) where it waits for memory instead; None where the
            memory-bound plateau was held out, so that nothing was fitted to it.
        spread_w: the largest distance between a measured plateau and this model, the held-out one included.
    """

    idle_w: float
    core_w: float
    memory_w: float | None
    spread_w: float

    def __post_init__(self) -> None:
        known = (self.idle_w, self.core_w, self.memory_w or 0.0, self.spread_w)
        if not all(map(math.isfinite, known)) or self.spread_w < 0:
            raise DeviceError(f"a power model needs finite watts and a spread >= 0, got {known}")

    def power_w(self, busy_cores: float, memory_share: float = 0.0) -> float:
        """Returns the power with so many busy cores, of which that share of time waits for memory."""
        return self.idle_w + busy_cores * (self.core_w + memory_share * (self.memory_w or 0.0))

    def power_range_w(self, busy_cores: float) -> tuple[float, float]:
        """Returns the least and the most power with so many busy cores.

        Nobody knows how much of its time a program waits for memory, so both ends count, each widened by the spread:
        the range holds every plateau that was measured.
        """
        ends = sorted((self.power_w(busy_cores, 0.0), self.power_w(busy_cores, 1.0)))
        return max(0.0, ends[0] - self.spread_w), max(0.0, ends[1] + self.spread_w)


@dataclass(frozen=True)
class Fit:
    """A power model, and how far it is from what was measured.

    Attributes:
        model: the model.
        residuals_w: measured less modelled power of each plateau, the held-out one included.
        held_out: the plateau that the model was judged on and not fitted to.
        held_out_error: distance of model and measurement there, as a share of the measurement.
    """

    model: PowerModel
    residuals_w: Mapping[Plateau, float]
    held_out: Plateau
    held_out_error: float


def fit_power(points: Sequence[PlateauWatts], hold_out: Plateau = Plateau.MEMORY_BOUND) -> Fit:
    """Returns the least-squares fit to all plateaus but one, judged on that one.

    The memory-bound term is only fitted where that plateau is not the one held out.

    Args:
        points: each plateau once.
        hold_out: what to judge on; not the idle one, which nothing else can stand for.

    Raises:
        DeviceError: a plateau is missing or comes twice, idle is to be held out, or the loads do not differ.
    """
    import numpy as np  # noqa: PLC0415 - the estimate of a device loads this file, and shall not carry numpy for that

    if sorted(point.plateau.value for point in points) != sorted(plateau.value for plateau in Plateau):
        named = ", ".join(point.plateau.value for point in points) or "none"
        expected = ", ".join(plateau.value for plateau in Plateau)
        raise DeviceError(f"expected each of the plateaus {expected} once, got {named}")
    if hold_out is Plateau.IDLE:
        raise DeviceError("the idle plateau cannot be held out: what an idle machine draws follows from no other")
    fitted = [point for point in points if point.plateau is not hold_out]
    rows = np.array([_row(point, hold_out) for point in fitted])  # (3, 2 or 3)
    solution, _, rank, _ = np.linalg.lstsq(rows, np.array([point.power_w for point in fitted]), rcond=None)
    if rank < rows.shape[1]:
        raise DeviceError("expected plateaus of different load, got the same number of busy cores in all; run again")
    watts = [float(value) for value in solution]
    memory_w = watts[2] if len(watts) == 3 else None
    bare = PowerModel(watts[0], watts[1], memory_w, 0.0)
    residuals = {
        point.plateau: point.power_w - bare.power_w(point.busy_cores, float(point.plateau is Plateau.MEMORY_BOUND))
        for point in points
    }
    spread_w = max(abs(residual) for residual in residuals.values())
    judged = next(point for point in points if point.plateau is hold_out)
    error = abs(residuals[hold_out]) / judged.power_w
    return Fit(PowerModel(watts[0], watts[1], memory_w, spread_w), residuals, hold_out, error)


def faults(points: Sequence[PlateauWatts], fit: Fit) -> tuple[str, ...]:
    """Returns what speaks against a calibration, one clause each; nothing where it can be believed."""
    power_w = {point.plateau: point.power_w for point in points}
    idle_w, all_w = power_w[Plateau.IDLE], power_w[Plateau.ALL_CORES]
    found = []
    if all_w <= idle_w:
        found.append(f"all-cores draws {all_w:g} W, not more than the {idle_w:g} W of idle")
    elif fit.model.core_w <= 0:
        found.append(f"a busy core adds {fit.model.core_w:.3g} W, which is not above 0")
    if fit.held_out_error > MOST_HELD_OUT_ERROR:
        found.append(
            f"the held-out plateau {fit.held_out.value} is missed by {100 * fit.held_out_error:.0f} % "
            f"(at most {100 * MOST_HELD_OUT_ERROR:.0f} %)"
        )
    found += [
        f"other programs kept {point.other_busy_cores:.2g} cores busy during {point.plateau.value}"
        for point in points
        if point.other_busy_cores is not None and point.other_busy_cores > MOST_OTHER_CORES
    ]
    return tuple(found)


def _row(point: PlateauWatts, hold_out: Plateau) -> list[float]:
    row = [1.0, point.busy_cores]
    if hold_out is not Plateau.MEMORY_BOUND:
        row.append(point.busy_cores if point.plateau is Plateau.MEMORY_BOUND else 0.0)
    return row
