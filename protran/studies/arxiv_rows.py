"""The rows of arXiv's metadata, from JSON lines or from a CSV, one at a time.

Layouts:

- Kaggle's snapshot `arxiv-metadata-oai-snapshot.json`: one JSON object a line, with `abstract` and `categories`, one
  text of categories with blanks between them ("cs.LG stat.ML"), beside keys that are not read.
- A CSV with a header: `abstract` or `summaries`, and `categories` or `terms`. A cell of categories is a text with
  blanks as above, or a list as Python writes it ("['cs.LG', 'stat.ML']"), as in Kaggle's "arxiv paper abstracts".
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, NoReturn

from protran.studies.arxiv_lines import lines
from protran.studies.text_values import is_unicode, quoted
from protran.studies.texts import TextsError

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
CSV_SUFFIX = ".csv"
ABSTRACT_COLUMNS = ("abstract", "summaries")
CATEGORY_COLUMNS = ("categories", "terms")
LONGEST_LIST = 4096  # characters of a list of categories
ADVICE = "repair or remove the line"


class Row(NamedTuple):
    """One paper.

    Attributes:
        line: where it begins in the file, from 1.
        abstract: as it is in the file; empty where there is none.
        categories: as it is in the file, distinct.
    """

    line: int
    abstract: str
    categories: tuple[str, ...]


def read_rows(path: Path) -> Iterator[Row]:
    """Yields the papers of a file; holds one at a time.

    Args:
        path: a name that ends in .json, .jsonl, .ndjson or .csv, with or without .gz behind.

    Raises:
        TextsError: another ending, no such file, a line that is not in the layout; names the line.
    """
    endings = [suffix.lower() for suffix in path.suffixes]
    ending = endings[-2] if endings[-1:] == [".gz"] and len(endings) > 1 else "".join(endings[-1:])
    if ending in JSON_SUFFIXES:
        return _json_rows(path)
    if ending == CSV_SUFFIX:
        return _csv_rows(path)
    raise TextsError(
        f"{path}: expected a file that ends in {', '.join(JSON_SUFFIXES)} or {CSV_SUFFIX}, with or without .gz behind; "
        f"rename it by what it holds"
    )


def _json_rows(path: Path) -> Iterator[Row]:
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line.strip())
        except json.JSONDecodeError as error:
            reason = f"{error.msg} at character {error.colno}"
            raise TextsError(f"{path}:{number}: expected one JSON object a line ({reason}); {ADVICE}") from error
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists without end
            raise TextsError(f"{path}:{number}: expected one JSON object a line ({error}); {ADVICE}") from error
        if not isinstance(record, dict):
            _refuse(path, number, f"expected a JSON object, got {type(record).__name__}")
        for key in ("abstract", "categories"):
            if key not in record:
                _refuse(path, number, f"the key {key!r} is missing; found {', '.join(sorted(record)[:20]) or 'none'}")
        abstract, categories = record["abstract"], record["categories"]
        if abstract is None:
            abstract = ""
        if not isinstance(abstract, str) or not is_unicode(abstract):
            _refuse(path, number, f"expected abstract to be Unicode text, got {quoted(abstract)}")
        if not isinstance(categories, str):
            _refuse(path, number, f"expected categories to be one text, got {quoted(categories)}")
        yield Row(number, abstract, _distinct(tuple(categories.split())))


def _csv_rows(path: Path) -> Iterator[Row]:
    rows = csv.reader(line for _, line in lines(path))
    begin = 1
    try:
        header = [column.strip() for column in next(rows, [])]
        if not header:
            raise TextsError(f"{path}: expected a header line with column names, got an empty file")
        abstract, categories = (_column(path, header, names) for names in (ABSTRACT_COLUMNS, CATEGORY_COLUMNS))
        begin = rows.line_num + 1
        for row in rows:
            if row:
                if len(row) != len(header):
                    _refuse(path, begin, f"expected {len(header)} values, got {len(row)}")
                yield Row(begin, row[abstract], _cell(path, begin, header[categories], row[categories]))
            begin = rows.line_num + 1
    except csv.Error as error:
        raise TextsError(
            f"{path}:{begin}: expected comma-separated values ({error}); repair or remove the row"
        ) from error


def _column(path: Path, header: Sequence[str], names: tuple[str, ...]) -> int:
    places = [place for place, column in enumerate(header) if column.lower() in names]
    if len(places) != 1:
        got = "none" if not places else f"{len(places)} of them"
        raise TextsError(
            f"{path}:1: expected one column {' or '.join(names)} among {', '.join(header)}, got {got}; rename the "
            f"columns"
        )
    return places[0]


def _cell(path: Path, line: int, column: str, text: str) -> tuple[str, ...]:
    try:
        return _categories(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        _refuse(path, line, f"expected {column} like \"['cs.LG', 'stat.ML']\" or \"cs.LG stat.ML\", got {quoted(text)}")


@lru_cache(maxsize=4096)
def _categories(text: str) -> tuple[str, ...]:
    """Returns the categories of a cell; only literals are read, nothing in the file is run."""
    text = text.strip()
    if not text.startswith("["):
        return _distinct(tuple(text.split()))
    if len(text) > LONGEST_LIST or "\\" in text:  # no category needs an escape, and a wrong one would warn
        raise ValueError("too long, or with escapes")
    values = ast.literal_eval(text)
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError("no list of texts")
    return _distinct(tuple(value.strip() for value in values))


def _distinct(categories: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(categories))


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise TextsError(f"{path}:{line}: {what}; {ADVICE}")
