"""Methods that start with an even sample, and then learn from what they see."""

from __future__ import annotations

from abc import abstractmethod

from protran.benchmark.methods.base import FEWEST_ROWS, ObservingMethod
from protran.benchmark.methods.sobol import SobolRows
from protran.benchmark.pool import Pool

SEEDS = 16
"""Rows before anything is learnt."""


class StartedMethod(ObservingMethod):
    """Asks for the first rows of `SobolRows`, then for promising ones."""

    def __init__(self, pool: Pool, seed: int) -> None:
        super().__init__(pool, seed)
        self._start = SobolRows(pool, seed)
        self._started = 0

    def ask(self, count: int) -> list[int]:
        """Returns the numbers of `count` rows to evaluate, none asked for before.

        Raises:
            ValueError: fewer than `count` rows are open.
        """
        self.open.check(count)
        blind = count if len(self.rows) < FEWEST_ROWS else min(count, max(SEEDS - self._started, 0))
        self._started += blind
        rows = [self.open.take(row) for row in self._start.ask(blind)]
        return rows + self.promising(count - blind) if blind < count else rows

    @abstractmethod
    def promising(self, count: int) -> list[int]:
        """Returns `count` open rows, chosen by what was told, and closes them."""
