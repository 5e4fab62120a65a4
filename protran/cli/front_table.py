"""A front as a table: values with their errors, provenance once for a column that shares it, else cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protran.cli.terminal import harmless
from protran.report.architecture_line import candidate_line
from protran.report.columns import Column, Document, columns_of
from search_spaces.candidate import Candidate

if TYPE_CHECKING:
    from rich.table import Table

REPORTED = ("test_error", "parameters", "core_seconds")
"""What the table says beside the objectives, where a campaign knows it."""


def front_table(document: Document, *, limit: int | None = None, also: tuple[str, ...] = REPORTED) -> Table:
    """Returns the candidates, best first by the first objective.

    Args:
        document: the front, as `Front.to_json` writes it.
        limit: most rows; None for all.
        also: names of values that are shown although they are no objectives.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = columns_of(document, also=also)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), expand=False)
    table.add_column("key", no_wrap=True, style="dim")
    for column in columns:
        table.add_column(Text(_heading(column)), justify="right", no_wrap=True)
    table.add_column("architecture", overflow="fold", ratio=1, min_width=12)
    for candidate in _ordered(document, columns)[:limit]:
        cells = [Text(column.cell(candidate["values"].get(column.name))) for column in columns]
        table.add_row(Text(harmless(candidate["key"])[:8]), *cells, Text(line_of(candidate)))
    return table


def line_of(candidate: Document) -> str:
    """Returns the architecture of a front's candidate in one line."""
    genes: dict[str, Any] = {"architecture": candidate["architecture"]}
    if candidate.get("deployment"):
        genes["deployment"] = candidate["deployment"]
    return candidate_line(Candidate.from_json(genes))


def caption(document: Document) -> str:
    """Returns the sentence below the table that explains its errors and its reported columns."""
    text = "± is one standard error; best first by the first column"
    if any("test_error" in candidate["values"] for candidate in document["candidates"]):
        text += "; the test error is reported only, candidates are chosen on validation data"
    return text


def _heading(column: Column) -> str:
    words = column.heading if column.objective else f"({column.heading})"
    return f"{words}\n{column.provenance}" if column.provenance else words


def _ordered(document: Document, columns: tuple[Column, ...]) -> list[Any]:
    candidates = list(document["candidates"])
    if not columns:
        return candidates
    first = columns[0]
    sign = -1.0 if first.maximise else 1.0

    def rank(candidate: Document) -> float:
        value = candidate["values"].get(first.name, {}).get("value")
        return float("inf") if value is None else sign * value

    return sorted(candidates, key=rank)
