"""Rows of a benchmark in a CSV file, one dataclass a row: what a benchmark that is stopped goes on from."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from protran.studies.row_log import KINDS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def read_rows(kind: type[R], path: Path) -> list[R]:
    """Returns the rows of an earlier run; none where there was none."""
    if not path.exists():
        return []
    kinds = {field.name: KINDS[str(field.type)] for field in fields(kind)}
    with path.open(newline="", encoding="utf-8") as file:
        return [kind(**{name: kinds[name](text) for name, text in row.items()}) for row in csv.DictReader(file)]


def write_rows(kind: type[R], rows: Iterable[R], path: Path, digits: int | None = None) -> None:
    """Writes the rows whole or not at all: a benchmark that is stopped keeps its table.

    Args:
        kind: of the rows.
        rows: all of them.
        path: of the file; its folder is made.
        digits: significant ones of floating-point numbers; None means all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(kind)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _text(value, digits) for name, value in asdict(row).items()} for row in rows)
    partial.replace(path)


def _text(value: Any, digits: int | None) -> Any:
    return f"{value:.{digits}g}" if digits is not None and isinstance(value, float) else value
