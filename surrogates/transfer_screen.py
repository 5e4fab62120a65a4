"""Which sources a new device may start from, and which not: each that is dropped is named with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from surrogates.transfer_source import FEWEST_JUDGED, SourceDevice, rank_correlation

LEAST_AGREEMENT = 0.3
"""Rank correlation with the device's own rows below which a source tells nothing of it. Ten rows cannot tell .3 from
.6: what is above is weighed, not dropped."""


@dataclass(frozen=True)
class Dropped:
    """A source that was not used for one output.

    Attributes:
        source: its name.
        output: which output, from 0.
        reason: why, with the figures.
        score: the rank correlation that speaks against it: with its own unseen measurements where these are at fault,
            with the device's rows where it disagrees; None where there is none.
    """

    source: str
    output: int
    reason: str
    score: float | None


def screen(
    sources: Sequence[SourceDevice], output: int, answers: Mapping[int, Tensor], y: Tensor
) -> tuple[tuple[int, ...], tuple[Dropped, ...]]:
    """Returns the places of the sources to use for an output, and those that were dropped.

    Args:
        sources: all of them.
        output: which output.
        answers: by the place of a source that has the output, its medians at the device's rows, `n` logarithms.
        y: `n`, the device's values, natural logarithms.
    """
    kept, dropped = [], []
    for place, source in enumerate(sources):
        consistency = source.consistency_of(output)
        if consistency is None:
            dropped.append(Dropped(source.name, output, "it has no values of this output", None))
        elif consistency.fault is not None:
            dropped.append(Dropped(source.name, output, consistency.fault, _number(consistency.rank)))
        elif (agreement := _agreement(answers[place], y)) < LEAST_AGREEMENT:
            reason = (
                f"disagrees: its answers rank this device's rows with a correlation of {agreement:.2f} (at least "
                f"{LEAST_AGREEMENT:.2f} is accepted)"
            )
            dropped.append(Dropped(source.name, output, reason, agreement))
        else:
            kept.append(place)
    return tuple(kept), tuple(dropped)


def _agreement(answers: Tensor, y: Tensor) -> float:
    """Returns the rank correlation, NaN where too few rows tell it."""
    return rank_correlation(answers, y) if len(y) >= FEWEST_JUDGED else math.nan


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
