"""Text of users in Markdown: shown as it is, never acting as markup, a link, HTML or a control sequence."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 120
_ACTS = re.compile(r"([\\`*_{}\[\]<>#|~&!:@$])")


def printable(text: object, longest: int = LONGEST) -> str:
    r"""Returns `text` on one line, cut to `longest` characters, with what cannot be seen as an escape like ``\x1b``."""
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text)[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def escaped(text: object, longest: int = LONGEST) -> str:
    """Returns `text` for the inside of a line or a table's cell."""
    return _ACTS.sub(r"\\\1", printable(text, longest)).replace("www.", "www\\.")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Returns a table of cells that are escaped already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
