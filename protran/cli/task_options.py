"""Options of a task as the command line takes them: NAME=VALUE, as often as needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from protran.errors import InputError

TaskOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--task-option",
        metavar="NAME=VALUE",
        help="How to read a task from files, for example label=activity, person=subject, window=100, folder=DATA.",
    ),
]
_NAMES = frozenset({"label", "group", "person", "folder", "split"})
_LISTS = frozenset({"channels"})


def parse_options(texts: Sequence[str] | None) -> dict[str, Any]:
    """Returns the options by name: column names as they are, a list of them split at commas, numbers as numbers.

    Raises:
        InputError: an option is not NAME=VALUE, or is given twice.
    """
    options: dict[str, Any] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise InputError(f"--task-option must be NAME=VALUE, for example label=activity; got {text!r}")
        if name in options:
            raise InputError(f"--task-option {name} is given twice")
        options[name] = _value(name, value.strip())
    return options


def _value(name: str, text: str) -> Any:
    if name in _NAMES:
        return text
    if name in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
