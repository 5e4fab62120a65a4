"""What a study has found so far, a row for each finished piece of work. A failure is a row with a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass

OK, FAILED = "ok", "failed"


@dataclass(frozen=True, kw_only=True)
class TrainingRow:
    """One training; `key` says what it was a training of: architecture, weights, recipe, vocabulary."""

    model: str
    key: str
    repeat: int
    seed: int
    status: str
    reason: str = ""
    epochs: int = 0
    best_epoch: int = 0
    threshold: float = math.nan
    train_s: float = math.nan
    train_core_s: float = math.nan
    energy_j: float = math.nan
    energy_provenance: str = ""
    parameters: int = 0


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One form of one training, scored on the test set, document by document."""

    model: str
    key: str
    repeat: int
    form: str
    status: str
    reason: str = ""
    documents: int = 0
    subset_accuracy: float = math.nan
    subset_accuracy_stderr: float = math.nan
    label_accuracy: float = math.nan
    micro_f1: float = math.nan
    micro_f1_stderr: float = math.nan
    macro_f1: float = math.nan
    macro_f1_stderr: float = math.nan
    mean_average_precision: float = math.nan
    chosen_macro_f1: float = math.nan
    chosen_subset_accuracy: float = math.nan
    size_bytes: int = 0
    infer_s: float = math.nan
    infer_core_s: float = math.nan
    energy_j: float = math.nan
    energy_provenance: str = ""


@dataclass(frozen=True, kw_only=True)
class RestingRow:
    """The memory of one form of a model: loaded and doing nothing, and at its peak while it answers one document."""

    model: str
    key: str
    form: str
    status: str
    reason: str = ""
    weights_bytes: int = 0
    pss_bytes: float = math.nan
    running_bytes: float = math.nan


@dataclass(frozen=True, kw_only=True)
class TimingRow:
    """One measurement of one form of a model: values are per call of a batch."""

    model: str
    key: str
    form: str
    length: int
    batch: int
    status: str
    reason: str = ""
    latency_s: float = math.nan
    latency_stderr_s: float = math.nan
    provenance: str = ""
    core_s: float = math.nan
    memory_bytes: float = math.nan
    peak_rss_bytes: float = math.nan
    flags: str = ""
