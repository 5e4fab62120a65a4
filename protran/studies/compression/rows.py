"""The rows of the study: trainings, scores and timings, each with the reason where there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

OK, FAILED = "ok", "failed"
BUSY = "busy"
"""Of an answer that is no row: the machine was not to be had."""

R = TypeVar("R")


@dataclass(frozen=True)
class TrainingRow:
    """One training: of one model and repeat."""

    model: str
    repeat: int
    status: str
    reason: str
    epochs: int
    best_epoch: int
    train_s: float
    train_core_s: float


@dataclass(frozen=True)
class ScoreRow:
    """One variant of one trained model: what it scores, and what can be counted of it.

    Seconds of tuning are those of what was trained after the training itself; 0 where nothing was. `candidate` is the
    JSON of what runs, as far as a candidate can say it.
    """

    model: str
    variant: str
    repeat: int
    status: str
    reason: str
    accuracy: float
    macro_f1: float
    validation_accuracy: float
    validation_macro_f1: float
    parameters: int
    file_bytes: int
    memory_bytes: float
    tuning_s: float
    tuning_core_s: float
    tuning_epochs: int
    note: str
    candidate: str


@dataclass(frozen=True)
class TimingRow:
    """One measurement of one variant of one trained model, for one window.

    `latency_s` and `core_seconds` are of the paired procedure, `loop_s` is the plain loop's wall time.
    """

    model: str
    variant: str
    repeat: int
    status: str
    reason: str
    latency_s: float
    latency_stderr_s: float
    core_seconds: float
    loop_s: float
    energy_j: float
    energy_provenance: str
    flags: str


@dataclass(frozen=True)
class StudyRows:
    """All rows of a study."""

    trainings: Sequence[TrainingRow]
    scores: Sequence[ScoreRow]
    timings: Sequence[TimingRow]


def row_of(kind: type[R], payload: Mapping[str, Any]) -> R:
    """Returns a row from what is known of it: unknown numbers are NaN (0 where whole), unknown texts empty."""
    empty = {"str": "", "int": 0, "float": math.nan}
    known = {field.name: payload.get(field.name) for field in fields(kind)}  # type: ignore[arg-type]  # all are rows
    values = {
        field.name: empty[str(field.type)] if known[field.name] is None else known[field.name]
        for field in fields(kind)  # type: ignore[arg-type]
    }
    return kind(**values)
