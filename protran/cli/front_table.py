"""A front as a table: values with their errors, provenance once for a column that shares it, else cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protran.cli.terminal import harmless
from protran.report.architecture_line import candidate_line
from protran.report.columns import Column, Document, columns_of
from search_spaces.candidate import Candidate

if TYPE_CHECKING:
    from rich.table import Table

_KEY = 8  # digits of a key that tell the candidates of a front apart
_ROOMY = 120
REPORTED = ("test_error", "parameters")
"""What the table says beside the objectives, where a campaign knows it."""


def front_table(document: Document, *, width: int, limit: int | None = None, also: tuple[str, ...] = REPORTED) -> Table:
    """Returns the candidates, best first by the first objective.

    In a narrow terminal cells wrap at their spaces, and architectures are left out: see `architecture_pairs`.

    Args:
        document: the front, as `Front.to_json` writes it.
        width: characters in a line of the terminal.
        limit: most rows; None for all.
        also: names of values that are shown although they are no objectives.

    A candidate that a preference chose is marked with a star; whose the candidates are is told where it matters.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = columns_of(document, also=also)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("key", style="dim")
    for column in columns:
        table.add_column(Text(_heading(column)), justify="right")
    tells_whose = any("campaigns" in candidate for candidate in document["candidates"])
    if tells_whose:
        table.add_column("campaign")
    if shows_architectures(width):
        table.add_column("architecture", ratio=1)
    chosen = document.get("chosen", {}).get("key")
    for candidate in _ordered(document, columns)[:limit]:
        cells = [Text(column.cell(candidate["values"].get(column.name))) for column in columns]
        lines = [Text(line_of(candidate))] if shows_architectures(width) else []
        whose = [Text(harmless(", ".join(candidate.get("campaigns", [])) or "new"))] if tells_whose else []
        mark = "*" if candidate["key"] == chosen else ""
        table.add_row(Text(mark + harmless(candidate["key"])[:_KEY]), *cells, *whose, *lines)
    return table


def shows_architectures(width: int) -> bool:
    """Whether lines of `width` characters have room for architectures beside the values."""
    return width >= _ROOMY


def architecture_pairs(document: Document) -> list[tuple[str, str]]:
    """Returns key and architecture of each candidate, in the order of the table."""
    ordered = _ordered(document, columns_of(document))
    return [(str(candidate["key"])[:_KEY], line_of(candidate)) for candidate in ordered]


def line_of(candidate: Document) -> str:
    """Returns the architecture of a front's candidate in one line."""
    genes: dict[str, Any] = {"architecture": candidate["architecture"]}
    if candidate.get("deployment"):
        genes["deployment"] = candidate["deployment"]
    return candidate_line(Candidate.from_json(genes))


def caption(document: Document) -> str:
    """Returns the sentences below the table: where the values come from, what ± means, what is only reported."""
    columns = columns_of(document, also=REPORTED)
    sources = [f"{column.label} {column.provenance}" for column in columns if column.provenance]
    text = f"Values: {', '.join(sources)}. " if sources else ""
    text += "± is one standard error."
    if any("test_error" in candidate["values"] for candidate in document["candidates"]):
        text += (
            " The test error is only reported: candidates are chosen on validation data, then fitted to training and "
            "validation data together."
        )
    return text


def _heading(column: Column) -> str:
    label = column.label if column.objective else f"({column.label})"
    return f"{label}\n{column.scale.symbol}" if column.scale.symbol else label


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
