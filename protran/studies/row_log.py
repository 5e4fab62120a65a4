"""Rows that are on disk as soon as they are known: a CSV file, one dataclass a row, that is only ever appended to."""

from __future__ import annotations

import csv
import fcntl
import io
import math
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from protran.errors import InputError
from protran.studies.errors import StudyError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
KINDS = {"str": str, "int": int, "float": float}
"""Of a field's annotation, which is a text where annotations are postponed."""


def read_log(kind: type[R], path: Path) -> list[R]:
    """Returns the whole lines of a file; none where there is no file. A half-written last line does not count.

    Raises:
        InputError: the file holds other columns, or a line is damaged.
    """
    if not path.exists():
        return []
    content = path.read_bytes()
    text = content[: content.rfind(b"\n") + 1].decode("utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = [field.name for field in fields(kind)]
    if reader.fieldnames is not None and list(reader.fieldnames) != names:
        raise InputError(f"{path}: expected the columns {','.join(names)}, got others; name another folder")
    return [_row(kind, cells, f"{path}:{reader.line_num}") for cells in reader]


class RowLog(Generic[R]):
    """A file of rows, kept open by one process at a time. To be used in a ``with`` statement.

    Args:
        kind: of the rows; its fields are texts, whole numbers and floating-point numbers (NaN: an empty cell).
        path: of the file; it and its folder are made.

    Attributes:
        rows: all rows, in the order in which they were appended.
    """

    def __init__(self, kind: type[R], path: Path) -> None:
        self.rows: list[R] = []
        self._kind, self._path = kind, path
        self._file = -1

    def __enter__(self) -> RowLog[R]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._begin()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)  # and with it the lock

    def append(self, row: R) -> None:
        """Adds a row; it has reached the disk when this returns. Raises `StudyError` where it cannot."""
        self._write(_text(value) for value in asdict(row).values())
        self.rows.append(row)

    def _begin(self) -> None:
        """Takes the file for this process, drops a half-written last line, and reads the rest."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{self._path}: another process appends to it; wait for its end") from error
        content = self._path.read_bytes()
        os.ftruncate(self._file, content.rfind(b"\n") + 1)
        self.rows = read_log(self._kind, self._path)
        if not os.fstat(self._file).st_size:
            self._write(field.name for field in fields(self._kind))

    def _write(self, cells: Iterable[str]) -> None:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator="\n").writerow(list(cells))
        line = buffer.getvalue().encode("utf-8")
        try:
            whole = os.write(self._file, line) == len(line)
            os.fsync(self._file)
        except OSError as error:
            raise StudyError(f"{self._path}: {error.strerror}; make room on the disk and repeat the command") from error
        if not whole:
            raise StudyError(f"{self._path}: a row was written in part only; make room on the disk and repeat it")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.7g}"
    return " ".join(str(value).split())  # one line a row: a line without its end is one that was cut off


def _row(kind: type[R], cells: dict[str, str], place: str) -> R:
    try:
        if None in cells:  # what the reader calls the cells beyond the last column
            raise ValueError("too many cells")
        return kind(**{field.name: _value(str(field.type), cells[field.name]) for field in fields(kind)})
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{place}: expected a row of {kind.__name__}, got a damaged one; remove it") from error


def _value(kind: str, text: str) -> Any:
    return math.nan if kind == "float" and not text.strip() else KINDS[kind](text)
