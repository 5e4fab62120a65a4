"""JSON inside HTML: text that no parser of HTML or JavaScript can take for its own."""

from __future__ import annotations

import json
from typing import Any

_ESCAPES = str.maketrans(
    {
        "<": "\\u003c",  # no </script>, no <!-- inside a script element
        ">": "\\u003e",  # no -->
        "&": "\\u0026",
        "\u2028": "\\u2028",  # line ends of older JavaScript
        "\u2029": "\\u2029",
    }
)


def compact_json(document: Any) -> str:
    """Returns a document as JSON in ASCII, without spaces; lone surrogates stay escapes.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def embedded_json(document: Any) -> str:
    """Returns a document as JSON that may stand inside a script element; it reads back as the same document.

    The characters are escaped that end such an element or begin a comment. In JSON they stand in strings alone, where
    an escape means the same.

    Raises:
        ValueError: a number is not finite.
    """
    return compact_json(document).translate(_ESCAPES)
