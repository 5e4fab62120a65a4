"""arXiv's abstracts with their commonest categories as labels, from a file that the user has.

The file is read twice, one line at a time: once to count categories, once to choose documents. Only the counts and the
chosen documents are held, so a snapshot of millions of lines needs memory for `limit` documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from protran.studies.arxiv_rows import Row, read_rows
from protran.studies.arxiv_sample import DistinctSample
from protran.studies.texts import TENTHS, Documents, TextData, TextsError, absence_notes, split_documents
from protran.tasks.splitting import Fractions

MOST_CATEGORIES = 100_000  # distinct ones; arXiv has fewer than 200, so more is a wrong column


class OnEmpty(str, Enum):
    """What happens to a paper without an abstract."""

    ERROR = "error"
    SKIP = "skip"


@dataclass(frozen=True)
class _Counted:
    """What the first reading found."""

    rows: int
    empty: int
    documents: Counter[str]  # papers with an abstract, of each category


def read_arxiv(
    path: str | Path,
    top: int,
    limit: int | None = None,
    seed: int = 0,
    *,
    fractions: Fractions = TENTHS,
    on_empty: OnEmpty | str = OnEmpty.ERROR,
) -> TextData:
    """Returns abstracts, their white space collapsed, with those of their categories that are among the commonest.

    Args:
        path: Kaggle's snapshot (JSON lines) or a CSV, packed by gzip or not; see `arxiv_rows` for the layouts.
        top: how many categories are labels: those of most papers; of equally common ones, the first by name.
        limit: how many documents are kept at most, a uniform sample of the distinct ones; None for all.
        seed: equal seeds sample and split alike.
        fractions: sizes of validation and test.
        on_empty: whether a paper without an abstract is an error that names its line, or is left out and counted.

    Raises:
        TextsError: an argument is out of range, the file is not in a known layout, has fewer categories than `top`, or
            too few documents; names the line where it is one line's fault.
    """
    path, on_empty = Path(path), _checked(top, limit, seed, on_empty)
    counted = _count(path, on_empty)
    names = _commonest(path, counted, top)
    numbers = {name: number for number, name in enumerate(names)}
    sample = DistinctSample(limit, seed)
    without = _choose(path, on_empty, numbers, sample, counted.rows)
    kept = list(sample)
    left_out = {
        "empty abstract": counted.empty,
        "no kept category": without,
        "same abstract as a kept one": sum(one.repeats for one in kept),
        "beyond the limit": sample.dropped,
    }
    try:
        documents = Documents(tuple(one.text for one in kept), tuple(one.labels for one in kept))
        train, validation, test = split_documents(documents, fractions, seed)
    except TextsError as error:
        raise TextsError(f"{path}: {error}") from error
    return TextData(
        train,
        validation,
        test,
        label_names=names,
        rows=counted.rows,
        left_out={reason: count for reason, count in left_out.items() if count},
        notes=absence_notes(train, validation, test, names),
    )


def _checked(top: int, limit: int | None, seed: int, on_empty: OnEmpty | str) -> OnEmpty:
    for name, value, least in (("top", top, 1), ("limit", limit, 3), ("seed", seed, 0)):
        if name == "limit" and value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise TextsError(f"{name} must be a whole number of at least {least}, got {value!r}")
    try:
        return OnEmpty(on_empty)
    except ValueError as error:
        raise TextsError(f"on_empty must be error or skip, got {on_empty!r}") from error


def _rows(path: Path, on_empty: OnEmpty) -> Iterator[Row]:
    for row in read_rows(path):
        abstract = " ".join(row.abstract.split())
        if not abstract and on_empty is OnEmpty.ERROR:
            raise TextsError(
                f"{path}:{row.line}: expected an abstract, got an empty one; repair or remove the line, or leave such "
                f"papers out with on_empty=skip"
            )
        yield Row(row.line, abstract, row.categories)


def _count(path: Path, on_empty: OnEmpty) -> _Counted:
    documents: Counter[str] = Counter()
    rows = empty = 0
    for row in _rows(path, on_empty):
        rows += 1
        if row.abstract:
            documents.update(row.categories)
            if len(documents) > MOST_CATEGORIES:
                raise TextsError(
                    f"{path}:{row.line}: expected at most {MOST_CATEGORIES} distinct categories; name the right column"
                )
        else:
            empty += 1
    if not rows:
        raise TextsError(f"{path}: expected papers, one a line, got none; download the file again")
    return _Counted(rows, empty, documents)


def _commonest(path: Path, counted: _Counted, top: int) -> tuple[str, ...]:
    documents = counted.documents
    if len(documents) < top:
        raise TextsError(f"{path}: expected at least {top} categories, got {len(documents)}; choose a smaller top")
    return tuple(sorted(documents, key=lambda name: (-documents[name], name))[:top])


def _choose(path: Path, on_empty: OnEmpty, numbers: Mapping[str, int], sample: DistinctSample, expected: int) -> int:
    """Offers the papers that have a label to the sample; returns how many have an abstract and no label."""
    rows = without = 0
    for row in _rows(path, on_empty):
        rows += 1
        if not row.abstract:
            continue
        labels = tuple(sorted(numbers[category] for category in row.categories if category in numbers))
        if labels:
            sample.offer(row.line, row.abstract, labels)
        else:
            without += 1
    if rows != expected:
        raise TextsError(f"{path}: had {expected} papers, then {rows}; it must not change while it is read")
    return without
