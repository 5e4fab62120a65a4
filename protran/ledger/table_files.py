"""Writes the ledger's flat tables into a folder: as CSV, or as Parquet; all of them, or nothing."""

from __future__ import annotations

import csv
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from protran.errors import InputError, LedgerError
from protran.ledger.flat_tables import CHUNK, Cell, CellKind, FlatTable
from protran.ledger.ledger import Ledger

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With one of these a spreadsheet takes a text for a formula, which may do anything.

Source: https://owasp.org/www-community/attacks/CSV_Injection"""

Observer = Callable[[str, int, int], None]
"""Is told the table, how many of its rows are written, and how many it has."""


class TableFormat(str, Enum):
    """The kinds of files."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class WrittenTables:
    """What was written: the folder, the kind of files, and how many rows each table has."""

    folder: Path
    format: TableFormat
    rows: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"folder", "format", "rows": {table: count}}``."""
        return {"folder": str(self.folder), "format": self.format.value, "rows": dict(self.rows)}


def write_tables(ledger: Ledger, folder: Path, form: TableFormat, observer: Observer | None = None) -> WrittenTables:
    """Writes one file for each table into a new folder, as they all were at one moment.

    In CSV a text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay as they are. In
    Parquet texts are exact. Neither can hold lone surrogates, which are written as escapes.

    Args:
        ledger: what to write.
        folder: it must not be there yet, or be empty.
        form: kind of files.
        observer: is told how far it is.

    Raises:
        InputError: the folder is there and holds something, or a library for this kind of files is missing.
        LedgerError: the ledger cannot be read, or the folder not written.
    """
    write = _write_csv if form is TableFormat.CSV else _parquet_writer()
    counts = {}
    with _whole(folder) as place, ledger.flat_tables() as tables:
        for table in tables:
            counts[table.name] = write(table, place / f"{table.name}.{form.value}", observer or _nobody)
    return WrittenTables(folder, form, counts)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Gives a folder to write into, which gets its name in the end; where anything goes wrong, nothing is left."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"expected a new folder for the tables, got {folder}, which is there; choose another")
    place = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        place.mkdir(parents=True)
        yield place
        place.replace(folder)
    except OSError as error:
        raise LedgerError(f"cannot write the tables into {folder}: {error.strerror}; choose another folder") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _write_csv(table: FlatTable, path: Path, observer: Observer) -> int:
    done = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)  # with both ends of a line (RFC 4180), or a lone one of them would not be quoted
        writer.writerow(_harmless(name) for name in table.columns)
        for rows in _chunks(table):
            writer.writerows([_harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
            done += len(rows)
            observer(table.name, done, table.count)
    return done


def _parquet_writer() -> Callable[[FlatTable, Path, Observer], int]:
    """Returns the function that writes a table. Raises `InputError` where its library is not installed."""
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(
            "Parquet files need pyarrow, which is not installed: pip install 'protran[parquet]', or write CSV"
        ) from error
    types = {CellKind.TEXT: pyarrow.string(), CellKind.WHOLE: pyarrow.int64(), CellKind.NUMBER: pyarrow.float64()}

    def write(table: FlatTable, path: Path, observer: Observer) -> int:
        schema = pyarrow.schema([(name, types[kind]) for name, kind in table.columns.items()])
        done = 0
        with parquet.ParquetWriter(path, schema) as writer:
            for rows in _chunks(table, 10 * CHUNK):
                columns = [[_exact(cell) for cell in column] for column in zip(*rows, strict=True)]
                arrays = [pyarrow.array(cells, field.type) for cells, field in zip(columns, schema, strict=True)]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
                done += len(rows)
                observer(table.name, done, table.count)
        return done

    return write


def _chunks(table: FlatTable, size: int = CHUNK) -> Iterator[list[tuple[Cell, ...]]]:
    rows = table.rows()
    while chunk := list(islice(rows, size)):
        yield chunk


def _harmless(text: str) -> str:
    exact = _exact(text)
    return f"'{exact}" if exact.startswith(FORMULA) else exact.replace("\x00", "\\x00")


def _exact(cell: Any) -> Any:
    """Returns a text without lone surrogates, which UTF-8 does not know; all else as it is."""
    return cell.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(cell, str) else cell


def _nobody(table: str, done: int, total: int) -> None:
    """Watches nothing."""
