"""Runs kept in a CSV file, so that a comparison goes on where it stopped."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from protran.benchmark.comparison import Run
from protran.benchmark.judge import Judge
from protran.benchmark.methods.registry import METHODS
from protran.benchmark.pool import PooledTable
from protran.errors import InputError

COLUMNS = ("table", "key", "objectives", "method", "seed", "evaluation", "row", "search_s", "hv_fraction")


class RunFile:
    """A line per evaluation; a run is appended when it is finished. Several tables may share a file.

    A run that is there counts for a table of the same key, which changes with any candidate or value, if it is long
    enough: shorter runs are the beginning of longer ones. What it is worth is judged again, not read.

    Args:
        path: the file; made at the first run that is kept.
        table: whose runs are read and kept.
    """

    def __init__(self, path: Path, table: PooledTable) -> None:
        self._path = path
        self._table = table
        self._key = table_key(table)

    def read(self, judge: Judge) -> dict[tuple[str, int], Run]:
        """Returns the runs of the table by method and seed; of several the longest.

        Raises:
            InputError: the file cannot be read, or is no file of runs.
        """
        found: dict[tuple[str, int], Run] = {}
        for (method, seed), lines in self._lines().items():
            rows = [row for row, _ in lines]
            if (
                method not in METHODS
                or len(set(rows)) < len(rows)
                or not set(rows) <= set(range(len(self._table.pool)))
            ):
                raise InputError(f"{self._path}: expected distinct rows of known methods, got others; move it away")
            curve = tuple(judge.curve(rows).tolist())
            found[method, seed] = Run(method, seed, tuple(rows), tuple(spent for _, spent in lines), curve)
        return found

    def keep(self, run: Run) -> None:
        """Appends a run.

        Raises:
            InputError: the file cannot be written.
        """
        before = (self._table.name, self._key, "+".join(self._table.pool.objectives), run.method, run.seed)
        values = zip(run.rows, run.search_s, run.curve, strict=True)
        lines = [
            (*before, number, row, f"{spent:.4f}", f"{worth:.6f}")
            for number, (row, spent, worth) in enumerate(values, start=1)
        ]
        try:
            new = not self._path.exists() or self._path.stat().st_size == 0
            with self._path.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([COLUMNS, *lines] if new else lines)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written: {error.strerror}") from error

    def _lines(self) -> dict[tuple[str, int], list[tuple[int, float]]]:
        """Returns rows and seconds by method and seed, each in the order of evaluations."""
        runs: dict[tuple[str, int], list[tuple[int, float]]] = {}
        for number, cells in self._cells():
            if cells["key"] != self._key:
                continue
            try:
                run, evaluation = (cells["method"], int(cells["seed"])), int(cells["evaluation"])
                row, spent = int(cells["row"]), float(cells["search_s"])
            except (TypeError, ValueError) as error:
                raise InputError(f"{self._path}:{number}: expected a run's numbers, got others; remove it") from error
            if evaluation == 1:
                runs.pop(run, None)  # a later run of the same seed is longer: it replaces this one
            lines = runs.setdefault(run, [])
            if evaluation != len(lines) + 1 or not math.isfinite(spent):
                raise InputError(f"{self._path}:{number}: expected evaluation {len(lines) + 1}, got {evaluation}")
            lines.append((row, spent))
        return runs

    def _cells(self) -> Sequence[tuple[int, Mapping[str, str]]]:
        if not self._path.exists():
            return []
        try:
            with self._path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                rows = [(reader.line_num, row) for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{self._path}: expected a CSV file of runs, cannot read it ({error})") from error
        if rows and tuple(rows[0][1]) != COLUMNS:
            raise InputError(f"{self._path}: expected the columns {','.join(COLUMNS)}, got others; name another file")
        return rows


def table_key(table: PooledTable) -> str:
    """Returns a key of the table's candidates, objectives and values."""
    digest = hashlib.sha256("\n".join(table.pool.objectives).encode())
    for candidate in table.pool.candidates:
        digest.update(candidate.key.encode())
    digest.update(table.observed.tobytes())
    digest.update(table.smooth.tobytes())
    return digest.hexdigest()[:16]
