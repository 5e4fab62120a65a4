"""The contract of everything that proposes candidates."""

from __future__ import annotations

from abc import ABC, abstractmethod

from protran.optimize.state import SearchState
from search_spaces.candidate import Candidate


class Proposer(ABC):
    """Chooses which candidates to evaluate next."""

    @abstractmethod
    def propose(self, state: SearchState, batch_size: int) -> list[Candidate]:
        """Returns up to `batch_size` distinct valid candidates, none of them taken (see `SearchState.taken`).

        Fewer, down to none, where the space holds no more. A pure function of its arguments: equal states get equal
        answers, whatever was asked before.

        Raises:
            ValueError: `batch_size` is below 1.
        """


def check_batch_size(batch_size: int) -> None:
    """Raises `ValueError` unless `batch_size` is at least 1."""
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
