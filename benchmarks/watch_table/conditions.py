"""Under what conditions the rows were made: one JSON file beside them, a part for trainings and one for profiles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "conditions.json"


def read_conditions(folder: Path) -> dict[str, Any]:
    """Returns the conditions by kind of work; none where none were written."""
    path = folder / NAME
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write_conditions(folder: Path, work: str, conditions: Mapping[str, Any]) -> None:
    """Replaces the conditions of one kind of work (`training` or `profiling`) and leaves the other's."""
    known = {**read_conditions(folder), work: dict(conditions)}
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{NAME}.partial"
    partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / NAME)
