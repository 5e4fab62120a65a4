"""Names that users give to campaigns and devices; a name may become part of a path only after this check."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from protran.errors import InputError

_NAME = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"
)  # no leading dot (hidden, or a parent folder) and no leading dash
_LONGEST = 64

LEDGER_FILE = "ledger.sqlite"
"""The ledger of a runs folder. Its log, its index and the locks of its campaigns lie beside it and begin alike."""

_TAKEN = frozenset({"log.md", "readme.md", "example"})  # other things that the repository's own runs folder holds


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


def check_campaign_name(name: str) -> str:
    """Returns `name` if the folder of that name in the runs folder can be a campaign's own.

    Case makes no difference: on some file systems it makes none either.

    Raises:
        InputError: it is no name (see `check_name`), or the runs folder holds a file of this name.
    """
    check_name(name, "the campaign's name")
    if name.lower().startswith(LEDGER_FILE) or name.lower() in _TAKEN:
        raise InputError(
            f"the campaign's name must differ from the files of the runs folder, got {name!r}; choose another"
        )
    return name


def name_from(text: str) -> str:
    """Returns a valid name that resembles `text`: accents are dropped, each run of other characters becomes a dash.

    It is ``campaign`` where nothing is left of `text`.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).lstrip(".-")[:_LONGEST].rstrip("-")
    return name or "campaign"
