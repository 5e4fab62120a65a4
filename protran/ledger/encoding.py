"""JSON into and out of text columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json

from protran.errors import InputError, LedgerError
from search_spaces.canonical import canonical_json


def encode(payload: Any, what: str) -> str:
    """Returns `payload` as JSON text.

    Raises:
        InputError: it holds NaN, an infinity, or something that JSON does not know.
    """
    try:
        return canonical_json(payload)
    except (ValueError, TypeError) as error:
        raise InputError(f"{what} cannot be recorded as JSON: {error}") from error


def storable(text: str) -> bool:
    """Tells whether every database can hold a text: PostgreSQL takes no zero bytes, and nobody a lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def plain(text: str, what: str) -> str:
    """Returns `text`, which is recorded as it is, not as JSON.

    Raises:
        InputError: no database can hold it.
    """
    if not storable(text):
        raise InputError(f"{what} must hold no zero byte and no lone surrogate, got {text!r}; choose another")
    return text


def decode(text: str, what: str) -> Any:
    """Returns what `encode` was given, in a third of the time of the standard library's parser.

    That one reads only what the quick one refuses: lone surrogates, which are escaped in JSON.

    Raises:
        LedgerError: the text is damaged.
    """
    try:
        return from_json(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except ValueError as error:
        raise LedgerError(f"{what} in the ledger is damaged ({error}); restore a copy") from error


def utc_now() -> str:
    """Returns a UTC time stamp, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
