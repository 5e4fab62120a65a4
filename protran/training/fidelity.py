"""The two efforts of a campaign's trainings, for a task's amount of data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from protran.fidelity import Fidelity

LOW_WINDOWS = 12_000
FULL_WINDOWS = 32_000
LOW_SHARE = 0.6
LOW_EPOCHS = (2, 60)
FULL_EPOCHS = (4, 150)


@dataclass(frozen=True)
class Fidelities:
    """The efforts of a campaign.

    Attributes:
        low: to choose among many; ranks architectures like `full` does, at about a third of its cost.
        full: to report.
    """

    low: Fidelity
    full: Fidelity


def fidelities(train_windows: int) -> Fidelities:
    """Returns the efforts for a task with `train_windows` training windows.

    A training passes about `LOW_WINDOWS` or `FULL_WINDOWS` windows through the model, so that its cost does not depend
    on the amount of data; with little data the number of epochs is capped.
    """
    return Fidelities(
        low=Fidelity(_epochs(LOW_WINDOWS, LOW_SHARE * train_windows, LOW_EPOCHS), LOW_SHARE),
        full=Fidelity(_epochs(FULL_WINDOWS, train_windows, FULL_EPOCHS)),
    )


def _epochs(passes: int, windows: float, limits: tuple[int, int]) -> int:
    low, high = limits
    return min(high, max(low, math.ceil(passes / max(1.0, windows))))
