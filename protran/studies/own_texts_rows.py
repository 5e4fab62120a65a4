"""The rows of a user's own file of texts, from a CSV or from JSON lines, one at a time.

Labels are a list of texts, or one text with `;` between them: `sport;local`, `["sport", "local"]`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from protran.studies.arxiv_lines import lines
from protran.studies.text_values import is_unicode, quoted
from protran.studies.texts import TextsError

JSON_ENDINGS = (".jsonl", ".ndjson")
CSV_ENDING = ".csv"
ENDINGS = (CSV_ENDING, *JSON_ENDINGS)
SEPARATOR = ";"
LONGEST_LABEL = 200  # characters; more is no name
ADVICE = "repair or remove the line"


class LabelledText(NamedTuple):
    """One row: where it begins in the file, from 1; its text, white space collapsed; its labels, distinct."""

    line: int
    text: str
    labels: tuple[str, ...]


def ending_of(path: Path) -> str | None:
    """Returns which of `ENDINGS` a name has, with or without .gz behind; None for another name."""
    name = path.name.lower().removesuffix(".gz")
    return next((ending for ending in ENDINGS if name.endswith(ending)), None)


def read_labelled_texts(path: Path, text: str, labels: str) -> Iterator[LabelledText]:
    """Yields the rows of a file; holds one at a time.

    Args:
        path: a name that ends in one of `ENDINGS`, with or without .gz behind.
        text: the column or key with the text.
        labels: the column or key with the labels.

    Raises:
        TextsError: another ending, no such file, no such column, or a line that is not in the layout; names the line.
    """
    ending = ending_of(path)
    if ending is None:
        raise TextsError(f"{path}: expected a file that ends in {', '.join(ENDINGS)}; rename it by what it holds")
    if text == labels:
        raise TextsError(f"{path}: expected two columns, got {text!r} for the text and for the labels; name two")
    return _csv_rows(path, text, labels) if ending == CSV_ENDING else _json_rows(path, text, labels)


def _csv_rows(path: Path, text: str, labels: str) -> Iterator[LabelledText]:
    rows = csv.reader((line for _, line in lines(path)), strict=True)
    begin = 1
    try:
        header = [column.strip() for column in next(rows, [])]
        place, labels_place = (_column(path, header, name, use) for name, use in ((text, "text"), (labels, "labels")))
        begin = rows.line_num + 1
        for row in rows:
            if row:
                if len(row) != len(header):
                    _refuse(path, begin, f"expected {len(header)} values, got {len(row)}")
                yield _row(path, begin, row[place], row[labels_place])
            begin = rows.line_num + 1
    except csv.Error as error:
        _refuse(path, begin, f"expected comma-separated values ({error})", error)


def _column(path: Path, header: Sequence[str], name: str, use: str) -> int:
    if header.count(name) != 1:
        got = f"{header.count(name)} of them" if name in header else ", ".join(header) or "an empty line"
        raise TextsError(f"{path}:1: expected one column {name}, got {got}; name the right one with {use}=COLUMN")
    return header.index(name)


def _json_rows(path: Path, text: str, labels: str) -> Iterator[LabelledText]:
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            _refuse(path, number, "expected one JSON object a line, got something else", error)
        if not isinstance(record, dict):
            _refuse(path, number, f"expected a JSON object, got {type(record).__name__}")
        for key, use in ((text, "text"), (labels, "labels")):
            if key not in record:
                found = ", ".join(sorted(record)[:20]) or "none"
                raise TextsError(
                    f"{path}:{number}: expected the key {key}, got {found}; name the right one with {use}=KEY, or "
                    f"repair the line"
                )
        yield _row(path, number, record[text], record[labels])


def _row(path: Path, line: int, text: Any, labels: Any) -> LabelledText:
    if not isinstance(text, str) or not text.strip() or not is_unicode(text):
        _refuse(path, line, f"expected a text in Unicode, got {quoted(text)}")
    if isinstance(labels, str):
        labels = _parted(path, line, labels.strip())
    elif isinstance(labels, int) and not isinstance(labels, bool):
        labels = [str(labels)]
    if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
        _refuse(path, line, f"expected labels as a;b or as a list of texts, got {quoted(labels)}")
    names = tuple(dict.fromkeys(" ".join(label.split()) for label in labels))
    for name in names:
        if len(name) > LONGEST_LABEL or not is_unicode(name):
            _refuse(path, line, f"expected labels of at most {LONGEST_LABEL} characters, got {quoted(name)}")
    return LabelledText(line, " ".join(text.split()), names)


def _parted(path: Path, line: int, labels: str) -> Any:
    if not labels.startswith("["):
        return [label for label in labels.split(SEPARATOR) if label.strip()]
    try:
        return json.loads(labels)
    except (ValueError, RecursionError) as error:
        _refuse(path, line, f"expected labels as a JSON list, got {quoted(labels)}", error)


def _refuse(path: Path, line: int, what: str, cause: Exception | None = None) -> NoReturn:
    raise TextsError(f"{path}:{line}: {what}; {ADVICE}") from cause
