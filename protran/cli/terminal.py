"""What commands write: one JSON object, or text that cannot be mistaken for markup or control sequences."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Mapping
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


def screen(*, stderr: bool = False) -> Console:
    """Returns a console that takes strings as they are: no markup, no emoji codes, no guessed highlights."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
