"""A proposal of the search: whom to train, and whom to profile alone, so that the next one knows their hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from search_spaces.candidate import Candidate


@dataclass(frozen=True)
class Proposal:
    """Candidates of one round.

    Attributes:
        candidates: to train and to profile, best first.
        probes: to profile alone, most useful first; none of `candidates`.
        least: for each of `candidates`, in their order, objective name -> the value of which it is believed not to be
            better, for all objectives but scores: an optimist's hardware. Empty where nothing is believed.
    """

    candidates: tuple[Candidate, ...]
    probes: tuple[Candidate, ...] = ()
    least: tuple[Mapping[str, float], ...] = ()
