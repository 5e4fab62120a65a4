"""Prints the answer to a question about a front: as JSON, as CSV or for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protran.cli.pareto_csv import print_rows
from protran.cli.terminal import harmless, print_json, screen
from protran.report.columns import Document

if TYPE_CHECKING:
    from rich.console import Console


def show_answer(
    word: str,
    document: Document,
    rows: Callable[[Document], Iterable[Sequence[object]]],
    show: Callable[[Console, Document], None],
    plot: Path | None,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Prints an answer.

    Args:
        word: its name in JSON.
        document: the answer.
        rows: gives it as rows of CSV.
        show: prints it for reading.
        plot: where it was drawn; None where it was not.
        as_csv: print rows.
        as_json: print one object.
    """
    if as_json:
        print_json({word: document})
    elif as_csv:
        print_rows(rows(document))
    else:
        show(screen(), document)
        if plot is not None:
            screen().print(f"Picture: {harmless(plot)}")
