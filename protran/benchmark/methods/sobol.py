"""A low-discrepancy sequence of the space, snapped to rows."""

from __future__ import annotations

from collections.abc import Iterator

from scipy.stats import qmc

from protran.benchmark.methods.base import BlindMethod
from protran.benchmark.pool import Pool
from protran.optimize.seeds import child_generator
from protran.tables.measurement_table import Array
from search_spaces.encoding import Encoding

BLOCK = 64
"""Points drawn at once; sequences are even in powers of 2."""


class SobolRows(BlindMethod):
    """Asks for the rows nearest to the candidates at scrambled Sobol points of the encoding.

    Source: I. M. Sobol, 1967; scrambled as in A. B. Owen, "Randomly Permuted (t,m,s)-Nets", 1995.
    """

    def __init__(self, pool: Pool, seed: int) -> None:
        super().__init__(pool, seed)
        self._points = self._sequence()

    def ask(self, count: int) -> list[int]:
        """Returns the rows nearest to the next `count` points of the sequence."""
        self.open.check(count)
        return [self.open.snap(next(self._points)) for _ in range(count)]

    def _sequence(self) -> Iterator[Array]:
        encoding = Encoding(self.pool.space)
        engine = qmc.Sobol(encoding.dimension, rng=child_generator(self.seed, 0, "sobol rows"))
        while True:
            for point in engine.random(BLOCK):
                yield encoding.encode(encoding.decode(point))
