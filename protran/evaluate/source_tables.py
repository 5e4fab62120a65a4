"""Reads the tables of other devices that a surrogate may learn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from protran.errors import InputError
from protran.evaluate.sources import check_sources
from protran.tables.measurement_table import USUAL_TARGETS, MeasurementTable
from protran.tables.reading import read_table
from search_spaces.space import DesignSpace


def read_sources(paths: Sequence[Path], space: DesignSpace, table: MeasurementTable) -> tuple[MeasurementTable, ...]:
    """Returns the tables of other devices in `paths`, of the same space as the evaluated `table`.

    A source may lack some of the usual targets, as a device without a power sensor does; it must have other columns
    that are targets.

    Raises:
        InputError: a table cannot be read (see `read_table`), has none of the targets, is the evaluated one itself, or
            two have one name.
    """
    usual = set(table.targets) <= set(USUAL_TARGETS)
    sources = tuple(read_table(path, space, None if usual else table.targets) for path in paths)
    for path, source in zip(paths, sources, strict=True):
        if not set(source.targets) & set(table.targets):
            raise InputError(f"{path}: expected a column {' or '.join(table.targets)}, got neither; leave it out")
    check_sources(table, sources)
    return sources
