"""Names that users give to campaigns and devices; a name may become part of a path only after this check."""

from __future__ import annotations

import re
from typing import Any

from protran.errors import InputError

_NAME = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"
)  # no leading dot (hidden, or a parent folder) and no leading dash


def check_name(name: Any, what: str) -> str:
    """Returns `name` if it is safe as the name of a file or folder.

    Args:
        name: what the user wrote.
        what: what it names, for the message, for example ``campaign name``.

    Raises:
        InputError: the name is empty, too long, holds other characters, or starts with a dot or a dash.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise InputError(
            f"{what} must be 1 to 64 letters, digits, dots, dashes or underscores, the first a letter, digit or "
            f"underscore; got {name!r}"
        )
    return name
