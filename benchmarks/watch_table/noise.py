"""Says how much of the table is noise: writes the figures, and returns them as a section of Markdown."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.row_file import write_rows
from benchmarks.watch_table.conditions import read_conditions
from benchmarks.watch_table.figures import Figures, quartiles, repeat_figures, seed_figures, size_figures
from benchmarks.watch_table.noise_text import as_markdown
from benchmarks.watch_table.profiles import NAME as PROFILES
from benchmarks.watch_table.profiles import Profile
from benchmarks.watch_table.table import Rows, read_rows
from benchmarks.watch_table.trainings import NAME as TRAININGS
from benchmarks.watch_table.trainings import Training
from benchmarks.watch_table.truth import estimates, held_out, means_of
from protran.studies.row_log import read_log

NAME = "watch_table"


@dataclass(frozen=True)
class FigureRow:
    """One figure of one part of the table; shares and errors are parts of one, times in seconds."""

    part: str
    figure: str
    value: float


def write_noise(folder: Path, results: Path) -> str:
    """Writes watch_table.csv (figures) and .json (with machines and conditions) to `results`; returns Markdown.

    Raises:
        InputError: see `table.read_rows`.
    """
    rows = read_rows(folder)
    found = figures_of(rows) | {"failures": _failures(folder)}
    flat = [FigureRow(part, name, value) for part, figures in found.items() for name, value in figures.items()]
    write_rows(FigureRow, flat, results / f"{NAME}.csv", digits=5)
    conditions = read_conditions(folder)
    conditions.setdefault("training", {})["machines"] = Counter(row.machine for row in rows.trainings)
    command = f"python -m benchmarks.watch_table --candidates {len(rows.candidates)} --seeds {_seeds(rows)}"
    content = {"command": command, "conditions": conditions, "figures": _for_json(found)}
    (results / f"{NAME}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return as_markdown(command, conditions, found)


def figures_of(rows: Rows) -> dict[str, Figures]:
    """Returns the figures by part of the table."""
    errors = rows.scores("error")
    seconds = rows.scores("train_core_s")
    found: dict[str, Figures] = {
        "error": {**seed_figures(errors), **size_figures(errors, means_of(rows.scores("parameters")))},
        "test_error": seed_figures(rows.scores("test_error")),
        "training": {**quartiles("core_s", seconds.ravel()), "core_s_in_all": float(np.nansum(seconds))},
    }
    if "noise_share" in found["error"]:
        x = rows.features()
        found["estimated"] = {one.name: one.error for one in estimates(errors, x)}
        found["held_out"] = {name: math.sqrt(max(square, 0.0)) for name, square in held_out(errors, x).items()}
    if rows.profiles:
        for quantity in ("latency_s", "latency_ratio", "core_seconds"):
            found[quantity] = repeat_figures(rows.measured(quantity), rows.measured(f"{quantity}_stderr"))
        found["profiling"] = _profiling(rows)
    return found


def _profiling(rows: Rows) -> Figures:
    contended = np.mean(["contended" in row.flags.split() for row in rows.profiles])
    return {
        "contended": float(contended),
        **quartiles("clean_share", rows.measured("clean_share").ravel()),
        **quartiles("load", rows.measured("load").ravel()),
        **quartiles("wall_s", rows.measured("wall_s").ravel()),
    }


def _failures(folder: Path) -> Figures:
    trainings, profiles = read_log(Training, folder / TRAININGS), read_log(Profile, folder / PROFILES)
    return {
        "trainings": float(sum(row.status != "ok" for row in trainings)),
        "profiles": float(sum(row.status != "ok" for row in profiles)),
    }


def _seeds(rows: Rows) -> int:
    return 1 + max(row.seed for row in rows.trainings)


def _for_json(found: Mapping[str, Figures]) -> dict[str, Any]:
    """Returns the figures with None for those that are not known, which JSON has no number for."""
    return {
        part: {name: value if math.isfinite(value) else None for name, value in figures.items()}
        for part, figures in found.items()
    }
