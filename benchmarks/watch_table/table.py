"""Joins trainings and profiles into one table of the form that `protran.tables` reads.

Of each candidate, in SI units, an empty cell where something was not measured or failed:

    architecture             JSON
    error                    of the training with seed 0 alone: validation, noisy, what a search sees
    error_smooth             best estimate of the mean over all seeds (see truth.py), for the judge
    error_mean, trainings    mean over the seeds that there are, and how many
    test_error, test_error_mean   of the same trainings on three other people; for reports, never to choose by
    latency_s, core_seconds, peak_rss_bytes    of the first profile alone; X_smooth is the mean of all profiles
    latency_s_std, latency_repeats             standard error that the first profile states, as of one repeat
    memory_bytes, parameters                   counted, so X_smooth is the same
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.watch_table.plan import design_space, planned
from benchmarks.watch_table.profiles import NAME as PROFILES
from benchmarks.watch_table.profiles import Profile
from benchmarks.watch_table.trainings import NAME as TRAININGS
from benchmarks.watch_table.trainings import Training
from benchmarks.watch_table.truth import estimates, means_of
from protran.errors import InputError
from protran.features import FeatureMap
from protran.studies.row_log import read_log
from protran.tables.measurement_table import Array
from protran.tasks.watch import WatchTask
from search_spaces.candidate import Candidate

NAME = "watch.csv"
NOISY = ("latency_s", "core_seconds", "peak_rss_bytes")
DIGITS = 7

Column = Sequence[str] | npt.NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """What there is of `n` candidates, which are the first of the plan.

    Attributes:
        candidates: `n`.
        trainings: those of them that gave scores.
        profiles: those of them that gave values.
    """

    candidates: tuple[Candidate, ...]
    trainings: tuple[Training, ...]
    profiles: tuple[Profile, ...]

    def scores(self, field: str) -> Array:
        """Returns a field of the trainings, `n x seeds`, NaN where there is none."""
        return _matrix([(row.number, row.seed, getattr(row, field)) for row in self.trainings], len(self.candidates))

    def measured(self, field: str) -> Array:
        """Returns a field of the profiles, `n x repeats`, NaN where there is none."""
        return _matrix([(row.number, row.repeat, getattr(row, field)) for row in self.profiles], len(self.candidates))

    def features(self) -> Array:
        """Returns what the task score is believed to depend on, `n x d`."""
        features = FeatureMap(design_space(), WatchTask().input_spec)
        x = features.of_candidates(self.candidates)[:, features.columns(features.score_names)]
        return np.asarray(x.numpy(), dtype=np.float64)


def read_rows(folder: Path) -> Rows:
    """Returns the rows of a folder, failures left out.

    Raises:
        InputError: there is no training, a row is of another candidate than the plan's, or profiles are of two devices.
    """
    trainings, profiles = read_log(Training, folder / TRAININGS), read_log(Profile, folder / PROFILES)
    if not trainings:
        raise InputError(f"{folder}: expected {TRAININGS} with rows, got none; run the trainings first")
    keys = {(row.number, row.architecture_key) for row in trainings}
    keys |= {(row.number, row.architecture_key) for row in profiles}
    candidates = planned(1 + max(number for number, _ in keys))
    for number, key in sorted(keys):
        if key != candidates[number].architecture.key:
            raise InputError(f"{folder}: candidate {number} is another one by now; make the table anew")
    if len({row.device_identity for row in profiles}) > 1:
        raise InputError(f"{folder}: expected profiles of one device, got several; make them anew on one")
    return Rows(
        tuple(candidates),
        tuple(row for row in trainings if row.status == "ok"),
        tuple(row for row in profiles if row.status == "ok"),
    )


def write_table(folder: Path) -> str:
    """Writes the table, and returns a sentence on what it holds. Raises `InputError`."""
    rows = read_rows(folder)
    columns = joined(rows)
    path = folder / NAME
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in line] for line in zip(*columns.values(), strict=True))
    partial.replace(path)
    return f"{path}: {len(rows.candidates)} candidates, {len(rows.trainings)} trainings, {len(rows.profiles)} profiles"


def joined(rows: Rows) -> dict[str, Column]:
    """Returns the columns of the table by name."""
    errors, tests = rows.scores("error"), rows.scores("test_error")
    best = estimates(errors, rows.features())[0]
    columns: dict[str, Column] = {
        "architecture": [json.dumps(one.architecture.to_json(), separators=(",", ":")) for one in rows.candidates],
        "error": _first(errors),
        "error_smooth": best.values,
        "error_mean": means_of(errors),
        "trainings": np.isfinite(errors).sum(axis=1),
        "test_error": _first(tests),
        "test_error_mean": means_of(tests),
    }
    for name in NOISY:
        values = rows.measured(name)
        columns |= {name: _first(values), f"{name}_smooth": means_of(values)}
    stated = _first(rows.measured("latency_s_stderr"))
    columns |= {"latency_s_std": stated, "latency_repeats": np.where(np.isfinite(stated), 1, 0)}
    for name, values in (("memory_bytes", rows.measured("memory_bytes")), ("parameters", rows.scores("parameters"))):
        columns |= {name: means_of(values), f"{name}_smooth": means_of(values)}
    return columns


def _first(values: Array) -> Array:
    """Returns the first column: seed 0, or repeat 0."""
    return values[:, 0] if values.shape[1] else np.full(len(values), np.nan)


def _matrix(cells: Sequence[tuple[int, int, float]], count: int) -> Array:
    values = np.full((count, 1 + max((column for _, column, _ in cells), default=-1)), np.nan)
    for row, column, value in cells:
        values[row, column] = value
    return values


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number) or number <= 0:  # a table of measurements holds positive numbers or nothing
            return ""
        return f"{number:.{DIGITS}g}"
    return str(value)
