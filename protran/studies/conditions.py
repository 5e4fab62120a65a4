"""Under what conditions a study was begun: one JSON file in its folder, which every later start is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from protran.errors import InputError
from protran.studies.errors import StudyError

NAME = "conditions.json"


def begin_study(folder: Path, conditions: Mapping[str, Any]) -> None:
    """Writes the conditions of a new study, or checks that those of an earlier start are the same.

    Rows made under other conditions (other data, other epochs, another machine) would mix in one table.

    Args:
        folder: of the study; made where there is none.
        conditions: what every row depends on, as JSON.

    Raises:
        InputError: the study was begun under other conditions; the first that differs is named.
        StudyError: the folder cannot be read or written.
    """
    path = folder / NAME
    asked = json.loads(json.dumps(dict(conditions)))  # as it is read again: tuples become lists
    before = _read(path)
    if before is None:
        _write(path, asked)
        return
    for name in sorted(before.keys() | asked.keys()):
        if before.get(name) != asked.get(name):
            raise InputError(
                f"the study in {folder} was begun with {name} {_short(before.get(name))}, now it is "
                f"{_short(asked.get(name))}; repeat the first command to go on, or name another folder with --out"
            )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: expected the conditions of a study, got {error}; name another folder") from error
    if not isinstance(content, dict):
        raise StudyError(f"{path}: expected a JSON object, got {type(content).__name__}; name another folder")
    return content


def _write(path: Path, conditions: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(conditions, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise StudyError(f"cannot write {path} ({error.strerror}); make room or name another folder") from error


def _short(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
