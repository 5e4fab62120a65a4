"""Rows by lot."""

from __future__ import annotations

from protran.benchmark.methods.base import BlindMethod
from protran.benchmark.pool import Pool
from protran.optimize.seeds import child_generator


class RandomRows(BlindMethod):
    """Asks for rows in random order."""

    def __init__(self, pool: Pool, seed: int) -> None:
        super().__init__(pool, seed)
        self._order = iter(child_generator(seed, 0, "random rows").permutation(len(pool)).tolist())

    def ask(self, count: int) -> list[int]:
        """Returns the next `count` rows of the order."""
        self.open.check(count)
        return [self.open.take(next(self._order)) for _ in range(count)]
