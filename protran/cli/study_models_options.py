"""Options of `protran study models` that are more than one word: data options, weights, models in files, sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protran.errors import InputError

if TYPE_CHECKING:
    from search_spaces.candidate import Architecture

_TEXTS = frozenset({"path", "packages", "translation", "wheel", "text", "labels", "on_empty"})
"""Data options that are texts also where they look like numbers."""


def parse_pairs(option: str, texts: Sequence[str] | None, example: str) -> dict[str, str]:
    """Returns what was given as NAME=VALUE, by name.

    Raises:
        InputError: one is not NAME=VALUE, or a name is given twice.
    """
    pairs: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InputError(f"{option} must be NAME=VALUE, for example {example}; got {text!r}")
        if name.strip() in pairs:
            raise InputError(f"{option} {name.strip()} is given twice; leave one out")
        pairs[name.strip()] = value.strip()
    return pairs


def data_options(texts: Sequence[str] | None) -> dict[str, Any]:
    """Returns the options of a data set by name: paths and columns as they are, numbers as numbers."""
    pairs = parse_pairs("--data-option", texts, "path=arxiv.json")
    named = {name.replace("-", "_"): value for name, value in pairs.items()}
    return {name: value if name in _TEXTS else _number(value) for name, value in named.items()}


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def numbers_of(option: str, text: str) -> tuple[int, ...]:
    """Returns whole numbers that are separated by commas; none for an empty text. Raises `InputError`."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"{option} must be whole numbers with commas between them, got {text!r}") from error


def models_of(text: str) -> tuple[tuple[str, ...], dict[str, Architecture]]:
    """Returns the names of the models, and the architectures of those that are files: ``small.json`` is `small`.

    Raises:
        InputError: a file cannot be read, or two of them have one name.
    """
    from protran.cli.model_file import read_model

    names: list[str] = []
    own: dict[str, Architecture] = {}
    for part in (part.strip() for part in text.split(",") if part.strip()):
        if not part.endswith(".json"):
            names.append(part)
            continue
        path = Path(part)
        if path.stem in own:
            raise InputError(f"two files are named {path.name}; rename one, models go by their file's name")
        own[path.stem] = read_model(path).candidate.architecture
        names.append(path.stem)
    return tuple(names), own
