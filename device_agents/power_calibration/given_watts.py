"""Watts that a user read from a plug meter: as text, and joined with the plateaus that they belong to."""

from __future__ import annotations

import math
from collections.abc import Mapping

from device_agents.errors import RequestError
from device_agents.power_calibration.holding import Held
from device_agents.power_calibration.plateau import Plateau, PlateauWatts


def parse_watts(text: str) -> dict[Plateau, float]:
    """Returns the power of each plateau from a text such as ``idle=2.7,one-core=3.9,all-cores=6.1,memory-bound=5.6``.

    Raises:
        RequestError: a plateau is unknown, missing or named twice, or its watts are no finite number.
    """
    found: dict[Plateau, float] = {}
    for part in text.split(","):
        name, _, number = (word.strip() for word in part.partition("="))
        try:
            plateau, power_w = Plateau(name), float(number)
        except ValueError:
            plateau, power_w = None, math.nan
        if plateau is None or plateau in found or not math.isfinite(power_w):
            raise RequestError(f"expected watts such as {_example()}, each plateau once, got {part.strip()!r}")
        found[plateau] = power_w
    missing = [plateau.value for plateau in Plateau if plateau not in found]
    if missing:
        raise RequestError(f"expected watts of every plateau, such as {_example()}; {', '.join(missing)} is missing")
    return found


def unattended_points(watts: Mapping[Plateau, float], cores: int, duration_s: float) -> tuple[PlateauWatts, ...]:
    """Returns plateaus that somebody else held: with as many busy cores as each is named for.

    Args:
        watts: power of each plateau.
        cores: cores of the machine.
        duration_s: how long each was held.

    Raises:
        DeviceError: the watts of a plateau are not above 0.
    """
    busy = {Plateau.IDLE: 0.0, Plateau.ONE_CORE: 1.0}
    return tuple(
        PlateauWatts(plateau, busy.get(plateau, float(cores)), watts[plateau], duration_s) for plateau in Plateau
    )


def point_of(held: Held, power_w: float) -> PlateauWatts:
    """Returns the plateau with its power. Raises `DeviceError` where the watts are not above 0."""
    return PlateauWatts(held.plateau, held.busy_cores, power_w, held.duration_s, held.other_busy_cores)


def _example() -> str:
    return "idle=2.7,one-core=3.9,all-cores=6.1,memory-bound=5.6"
