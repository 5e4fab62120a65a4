"""Checks of single values and of JSON objects that people write."""

from __future__ import annotations

from typing import Any

from search_spaces.errors import SpaceError


def is_count(value: Any) -> bool:
    """Returns whether `value` is a whole number of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def choice(enum: Any, value: Any, name: str) -> Any:
    """Returns the member of `enum` whose value is `value`. Raises `SpaceError` where there is none."""
    try:
        return enum(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in enum)
        raise SpaceError(f"{name} must be one of {known}; got {value!r}") from None


def expect_keys(payload: Any, place: str, required: set[str] | None = None, optional: set[str] | None = None) -> None:
    """Raises `SpaceError` unless `payload` is a JSON object with all `required` keys and no unknown ones."""
    required, optional = required or set(), optional or set()
    if not isinstance(payload, dict):
        raise SpaceError(f"{place}: expected a JSON object, got {type(payload).__name__}")
    unknown = sorted(str(key) for key in payload if key not in required | optional)
    if unknown:
        known = ", ".join(sorted(required | optional))
        raise SpaceError(f"{place}: unknown gene {unknown[0]!r}; known are {known}")
    missing = sorted(required - set(payload))
    if missing:
        raise SpaceError(f"{place}: {missing[0]!r} is missing")
