"""Reads a table of measurements from a CSV file, gzipped or not."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from protran.errors import InputError
from protran.tables.architecture_cell import architecture_of
from protran.tables.measurement_table import USUAL_TARGETS, MeasurementTable
from search_spaces.candidate import Candidate
from search_spaces.errors import SpaceError
from search_spaces.space import DesignSpace

ARCHITECTURE = "architecture"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class _Line:
    """One row: its line in the file for errors, and its cells by column."""

    place: str
    cells: dict[str, str]

    def number(self, column: str) -> float:
        """Returns a positive number, NaN where the cell is empty."""
        cell = self.cells[column].strip()
        if not cell:
            return math.nan
        value = _float(cell)
        if not (math.isfinite(value) and value > 0):
            raise InputError(
                f"{self.place}: column {column!r} holds {cell!r}, expected a positive number or nothing; repair or "
                f"remove the row"
            )
        return value

    def variance(self, target: str) -> float:
        """Returns the variance of the value as a mean of repeats, NaN where the table does not say.

        ``latency_s`` is explained by ``latency_s_std`` (of single repeats) and ``latency_repeats``.
        """
        deviation = _float(self.cells.get(f"{target}_std", ""))
        repeats = _float(self.cells.get(f"{target.rpartition('_')[0]}_repeats", ""))
        known = math.isfinite(deviation) and deviation >= 0 and math.isfinite(repeats) and repeats >= 1
        return deviation**2 / repeats if known else math.nan


def read_table(path: Path, space: DesignSpace, targets: Sequence[str] | None = None) -> MeasurementTable:
    """Returns the measurements in `path`: one architecture of `space` a row, in the column `architecture` as JSON.

    Args:
        path: a CSV file with a header, gzipped or not.
        space: where the architectures must be from.
        targets: columns to read values from; None means those of `USUAL_TARGETS` that there are.

    Raises:
        InputError: the file cannot be read, a column is missing, a row is damaged, or an architecture is not in the
            space; the message names the file and, of a row, the first bad line.
    """
    header, lines = _open(path)
    columns = _targets(path, header, targets)
    candidates, values, variances = [], [], []
    for line in lines:
        candidates.append(_candidate(line, space))
        values.append([line.number(column) for column in columns])
        variances.append([line.variance(column) for column in columns])
    if not candidates:
        raise InputError(f"{path}: expected rows below the header, got none")
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    return MeasurementTable(name, tuple(candidates), columns, np.array(values), np.array(variances))


def _candidate(line: _Line, space: DesignSpace) -> Candidate:
    try:
        candidate = Candidate(architecture_of(line.cells[ARCHITECTURE]))
    except SpaceError as error:
        raise InputError(f"{line.place}: {error}; repair or remove the row") from error
    reason = space.why_not(candidate)
    if reason is not None:
        raise InputError(f"{line.place}: the architecture is not in {space.name}: {reason}; choose another --space")
    return candidate


def _targets(path: Path, header: Sequence[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Returns the columns of values, each once, and checks that these and the architectures are there."""
    columns = tuple(dict.fromkeys(wanted)) if wanted else tuple(name for name in USUAL_TARGETS if name in header)
    missing = [name for name in (ARCHITECTURE, *columns) if name not in header]
    if missing or not columns:
        expected = repr(missing[0]) if missing else " or ".join(USUAL_TARGETS)
        raise InputError(f"{path}: expected a column {expected}, got columns {', '.join(header) or 'without names'}")
    if ARCHITECTURE in columns:
        raise InputError(f"{path}: expected targets that are numbers, got the column {ARCHITECTURE!r}")
    return columns


def _open(path: Path) -> tuple[list[str], Iterator[_Line]]:
    """Returns the header and the rows, which are checked as they come."""
    rows = _rows(path)
    header = [column.strip() for column in next(rows, (1, []))[1]]
    if len(set(header)) < len(header):
        raise InputError(f"{path}:1: expected columns with names of their own, got two of one name; rename one")
    return header, _lines(rows, path, header)


def _lines(rows: Iterator[tuple[int, list[str]]], path: Path, header: Sequence[str]) -> Iterator[_Line]:
    for number, cells in rows:
        if not cells:
            continue
        if len(cells) != len(header):
            raise InputError(
                f"{path}:{number}: expected {len(header)} values as in the header, got {len(cells)}; repair or remove "
                f"the row"
            )
        yield _Line(f"{path}:{number}", dict(zip(header, cells, strict=True)))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields line number and cells of each row, the header among them."""
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: expected comma-separated values ({error})") from error


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8-sig")
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: expected a gzipped CSV file, got a damaged one ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected a CSV file in UTF-8, got bytes that are none") from error


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
