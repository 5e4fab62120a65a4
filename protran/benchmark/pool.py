"""A table of measurements as a pool: the only candidates that may be proposed are its rows."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from protran.errors import InputError
from protran.evaluate.table_rows import INPUTS
from protran.tables.measurement_table import Array
from protran.tables.reading import read_table
from search_spaces.candidate import Candidate
from search_spaces.encoding import Encoding
from search_spaces.gene_table import GeneTable
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace
from search_spaces.table_encoding import encode_table

SMOOTH = "_smooth"
"""Ends the name of the column that has an objective without its noise."""


@dataclass(frozen=True)
class Pool:
    """What a method may look at before it asks: the rows, but none of their values.

    Attributes:
        space: where the candidates are from.
        candidates: `n`, distinct rows.
        objectives: names of the `m` objectives, all to minimise.
        input_spec: what the candidates read, where physics is counted.
    """

    space: DesignSpace
    candidates: tuple[Candidate, ...]
    objectives: tuple[str, ...]
    input_spec: InputSpec

    def __len__(self) -> int:
        return len(self.candidates)

    @functools.cached_property
    def points(self) -> Array:
        """Places of the rows in the space's encoding, `n x e` in the unit cube."""
        return encode_table(Encoding(self.space), GeneTable.of(self.space, self.candidates))


@dataclass(frozen=True)
class PooledTable:
    """A pool with its values.

    Attributes:
        name: of the table.
        pool: the rows.
        observed: `n x m`, noisy values, which methods see of the rows that they asked for.
        smooth: `n x m`, values without noise, which only the judge sees.
    """

    name: str
    pool: Pool
    observed: Array
    smooth: Array


class OpenRows:
    """The rows of a pool that were not asked for yet.

    Args:
        points: places of all rows, `n x e`.
    """

    def __init__(self, points: Array) -> None:
        self._points = points
        self._open = np.ones(len(points), dtype=np.bool_)

    def __len__(self) -> int:
        return int(self._open.sum())

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Which rows are open, `n`; a copy."""
        return self._open.copy()

    def check(self, count: int) -> None:
        """Raises `ValueError` unless `count` rows are open."""
        if count > len(self):
            raise ValueError(f"expected at most {len(self)} rows to be asked for, got {count}; ask for fewer")

    def take(self, row: int) -> int:
        """Closes a row and returns its number.

        Raises:
            ValueError: the row is not open.
        """
        if not self._open[row]:
            raise ValueError(f"expected a row that nobody asked for, got row {row}; ask for another")
        self._open[row] = False
        return row

    def snap(self, point: Sequence[float] | Array) -> int:
        """Closes and returns the open row nearest to a point of the encoding; of equally near ones the first.

        Raises:
            ValueError: no row is open.
        """
        self.check(1)
        rows = np.flatnonzero(self._open)
        distance = np.square(self._points[rows] - np.asarray(point)).sum(axis=1)
        return self.take(int(rows[distance.argmin()]))


def read_pool(
    path: Path, space: DesignSpace, objectives: Sequence[str], input_spec: InputSpec | None = None
) -> PooledTable:
    """Returns the table in `path` as a pool, with an `OBJECTIVE_smooth` column for each objective.

    Rows that lack one of the values are left out, and so are rows whose candidate an earlier row has.

    Args:
        path: of the table.
        space: where its candidates are from.
        objectives: names of columns.
        input_spec: what the candidates read; None means what published tables of the space's family are about.

    Raises:
        InputError: the table cannot be read (see `read_table`), no objective is named, or no row has all values.
    """
    names = tuple(dict.fromkeys(objectives))
    if not names:
        raise InputError("expected one or more objectives, got none; name columns of the table")
    table = read_table(path, space, [*names, *(name + SMOOTH for name in names)])
    complete = np.isfinite(table.values).all(axis=1)
    first: dict[str, int] = {}
    for row in np.flatnonzero(complete):
        first.setdefault(table.candidates[row].key, int(row))
    kept = list(first.values())
    if not kept:
        raise InputError(f"{path}: expected rows with a value of each objective, got none; choose other --objectives")
    candidates = tuple(table.candidates[row] for row in kept)
    pool = Pool(space, candidates, names, input_spec if input_spec is not None else INPUTS[space.family])
    return PooledTable(table.name, pool, table.values[kept, : len(names)], table.values[kept, len(names) :])
