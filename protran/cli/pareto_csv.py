"""Fronts as CSV: one row for each candidate, values in SI units with their errors, units and provenance."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from protran.cli.front_table import line_of
from protran.report.columns import Document

_FIELDS = ("value", "stderr", "unit", "provenance")


def print_csv(document: Document) -> None:
    """Writes a front to standard output as CSV."""
    print_rows(csv_rows(document))


def print_rows(rows: Iterable[Sequence[object]]) -> None:
    """Writes rows to standard output as CSV."""
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    sys.stdout.flush()


def csv_rows(document: Document) -> Iterator[list[object]]:
    """Yields the head and one row for each candidate.

    Where there is a predicted front, the column ``front`` tells ``measured`` from ``predicted``; ``campaigns`` is there
    where it matters whose a candidate is, ``chosen`` where a preference was stated.
    """
    fronts = {"measured": document, **({"predicted": document["predicted"]} if "predicted" in document else {})}
    candidates = [(kind, front, candidate) for kind, front in fronts.items() for candidate in front["candidates"]]
    names = [objective["name"] for objective in document["objectives"]]
    names += dict.fromkeys(name for *_, item in candidates for name in item["values"] if name not in names)
    more = {
        "front": len(fronts) > 1,
        "campaigns": any("campaigns" in candidate for *_, candidate in candidates),
        "chosen": any("chosen" in front for front in fronts.values()),
    }
    yield [
        "key",
        "summary",
        *(f"{name}{'' if field == 'value' else '_' + field}" for name in names for field in _FIELDS),
        *(column for column, there in more.items() if there),
        "architecture",
    ]
    for kind, front, candidate in candidates:
        told = {
            "front": kind,
            "campaigns": " ".join(candidate.get("campaigns", [])),
            "chosen": int(front.get("chosen", {}).get("key") == candidate["key"]),
        }
        yield [
            candidate["key"],
            line_of(candidate),
            *(candidate["values"].get(name, {}).get(field) for name in names for field in _FIELDS),
            *(told[column] for column, there in more.items() if there),
            json.dumps(candidate["architecture"], separators=(",", ":")),
        ]
