"""The contract of every method: it asks for rows of a pool, and is told their values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from protran.benchmark.pool import OpenRows, Pool
from protran.errors import InputError
from protran.tables.measurement_table import Array

FEWEST_ROWS = 2
"""Told values below which nothing can be learnt from them."""


MOST_OBJECTIVES = 4
"""Beyond them, boxes explode."""


class Method(ABC):
    """Asks for rows of one pool, none of them twice.

    What it asks for is a pure function of the pool, the seed, the sizes of the batches and the values told. It does not
    know how many evaluations will be asked for, so that a run of 100 begins with the run of 60.

    Args:
        pool: what may be asked for.
        seed: of everything that is drawn.
    """

    batch: ClassVar[int] = 1
    """How many rows it likes to ask for at once."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        self.seed = seed
        self.open = OpenRows(pool.points)

    @abstractmethod
    def ask(self, count: int) -> list[int]:
        """Returns the numbers of `count` rows to evaluate, none asked for before.

        Raises:
            ValueError: fewer than `count` rows are open.
        """

    @abstractmethod
    def tell(self, rows: Sequence[int], values: Array) -> None:
        """Takes the observed values `count x m` of the rows that `ask` returned last."""


class ObservingMethod(Method):
    """Keeps what it was told.

    Attributes:
        rows: asked for and answered, in their order.
        values: what was observed of each, `m` numbers.
    """

    def __init__(self, pool: Pool, seed: int) -> None:
        super().__init__(pool, seed)
        self.rows: list[int] = []
        self.values: list[Array] = []

    def tell(self, rows: Sequence[int], values: Array) -> None:
        """Takes the observed values `count x m` of the rows that `ask` returned last."""
        self.rows += rows
        self.values += list(values)


def check_objectives(pool: Pool) -> None:
    """Raises `InputError` unless a decomposition into boxes can serve: 2 to 4 objectives."""
    if not 2 <= len(pool.objectives) <= MOST_OBJECTIVES:
        raise InputError(
            f"expected 2 to {MOST_OBJECTIVES} objectives for the methods protran and qlognehvi, got "
            f"{len(pool.objectives)}; change --objectives or --methods"
        )


class BlindMethod(Method):
    """Looks at no value."""

    def tell(self, rows: Sequence[int], values: Array) -> None:
        """Forgets what it is told."""
