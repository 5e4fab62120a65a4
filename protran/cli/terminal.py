"""What commands write: one JSON object, or text that cannot be mistaken for markup or control sequences."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

# Categories of Unicode that do something to a terminal instead of showing something: controls, invisible formatting
# (among it the right-to-left overrides), lone surrogates, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

JsonFlag = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]


def print_json(payload: Mapping[str, Any]) -> None:
    """Writes one JSON object to standard output.

    Raises:
        ValueError: a number is not finite.
    """
    sys.stdout.write(json.dumps(payload, indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


def harmless(text: object) -> str:
    r"""Returns `text` on one line, with what would act on a terminal written as an escape such as ``\x1b``."""
    return "".join(
        repr(char)[1:-1] if char in "\n\r\t" or unicodedata.category(char) in _UNSAFE else char for char in str(text)
    )


def print_pairs(console: Console, pairs: Iterable[tuple[object, ...]]) -> None:
    """Prints rows of cells below each other; the last cell takes the rest of the width and wraps inside it."""
    from rich.table import Table
    from rich.text import Text

    rows = [[Text(harmless(cell)) for cell in pair] for pair in pairs]
    if not rows:
        return
    grid = Table.grid(padding=(0, 2))
    for _ in rows[0][:-1]:
        grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console.print(grid)


def screen(*, stderr: bool = False) -> Console:
    """Returns a console that takes strings as they are: no markup, no emoji codes, no guessed highlights."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
