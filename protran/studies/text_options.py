"""Options of the sources of texts, from a study's file or from the command line, where values may be words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from protran.studies.texts import TextsError
from protran.tasks.errors import TaskError
from protran.tasks.splitting import Fractions

Kind = TypeVar("Kind")
_WORDS = {"true": True, "false": False}


def build_options(kind: type[Kind], source: str, options: Mapping[str, Any]) -> Kind:
    """Returns the dataclass `kind` with the given options. Raises `TextsError` on a name that it does not have."""
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            meant = f"did you mean {near[0]}" if near else "leave it out"
            raise TextsError(f"{source}: expected options among {', '.join(known)}, got {name!r}; {meant}?")
    return kind(**options)


def whole(name: str, value: object, least: int) -> int:
    """Returns a whole number of at least `least`. Raises `TextsError`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise TextsError(f"{name} must be a whole number of at least {least}, got {value!r}; change it")
    return value


def flag(name: str, value: object) -> bool:
    """Returns true or false, given as such or as a word. Raises `TextsError`."""
    found = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise TextsError(f"{name} must be true or false, got {value!r}; change it")
    return found


def word(name: str, value: object) -> str:
    """Returns a text that is not empty. Raises `TextsError`."""
    if not isinstance(value, str) or not value.strip():
        raise TextsError(f"{name} must be a text that is not empty, got {value!r}; change it")
    return value


def user_path(name: str, value: object) -> Path:
    """Returns a path, a leading ~ replaced. Raises `TextsError`."""
    if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
        raise TextsError(f"{name} must be the path of a file, as text, got {value!r}; change it")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise TextsError(f"{name}: expected a user who has a home folder, got {value!r}; write the path out") from error


def fractions(validation: Any, test: Any) -> Fractions:
    """Returns the sizes of validation and test. Raises `TextsError`."""
    try:
        return Fractions(validation, test)
    except TaskError as error:
        raise TextsError(f"{error}; change validation or test") from error
