"""Other devices of the ledger as what a search may start from. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from search_spaces.candidate import Candidate

if TYPE_CHECKING:
    from surrogates.transfer_source import SourceDevice


@dataclass(frozen=True)
class SourceRows:
    """What another device measured of candidates of the space.

    Attributes:
        name: what remarks call it.
        candidates: without repeats.
        values: quantity (`latency_s`, without a device) -> one value per candidate, NaN where missing.
        variances: quantity -> the variance of each value, NaN where unknown.
        fits: surrogates of these rows, as `source_device` remembers them; they say nothing that the rows do not.
    """

    name: str
    candidates: tuple[Candidate, ...]
    values: Mapping[str, tuple[float, ...]]
    variances: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    fits: dict[tuple[str, tuple[str, ...]], SourceDevice] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )


def quantity_of(objective: str) -> str:
    """Returns the quantity that an objective is about: `latency_s` of `latency_s@DEVICE`."""
    return objective.partition("@")[0]
