"""Evaluations: one training at full fidelity and one profile of each candidate that is proposed, a row each."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.relaxed_search.methods import METHODS, Seen
from device_agents.measurement import MeasurementStatus
from protran.errors import InputError
from protran.ledger.evaluation import Evaluation
from protran.profiling import Profiler
from protran.studies.row_log import RowLog
from protran.tasks.watch import WatchTask
from protran.training.fidelity import fidelities
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.canonical import canonical_json
from search_spaces.space import load_space

SPACE = "edge-small"


@dataclass(frozen=True)
class Evaluated:
    """One evaluation; `error` is 1 - accuracy on the validation set, by one training of the run's seed."""

    number: int
    key: str
    genes: str
    reason: str
    error: float
    test_error: float
    latency_s: float
    latency_stderr_s: float
    memory_bytes: float
    train_core_s: float
    propose_s: float

    @property
    def candidate(self) -> Candidate:
        """What was evaluated."""
        return Candidate.from_json(json.loads(self.genes))

    @property
    def seen(self) -> Seen:
        """What a method is told."""
        return Seen(self.candidate, self.error, self.latency_s, self.latency_stderr_s, self.memory_bytes)


@dataclass(frozen=True)
class Scored:
    """What a training said; NaN and a reason where it failed."""

    error: float
    test_error: float
    core_s: float
    reason: str


@dataclass(frozen=True)
class Profiled:
    """What a profile said; NaN and a reason where it failed."""

    latency_s: float
    latency_stderr_s: float
    memory_bytes: float
    reason: str


class Evaluator:
    """Trains and profiles on this machine; to be used in a ``with`` statement."""

    def __init__(self) -> None:
        from protran.training.worker import handle  # noqa: PLC0415 - torch

        self._handle, self._task = handle, WatchTask()
        data = self._task.load()
        self._full = fidelities(len(data.train), len(data.validation)).full
        self._profiler = Profiler()

    def __enter__(self) -> Evaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self._profiler.close()

    def train(self, candidate: Candidate, seed: int) -> Scored:
        """Returns what one training at full fidelity says of a candidate."""
        request = TrainingRequest.on(self._task, candidate.architecture, Recipe(), self._full, seed)
        found = Evaluation.from_json(self._handle(request.to_json()))
        core_s = float(found.details.get("train_core_s", math.nan))
        return Scored(_number(found.error.value), _number(found.test_error.value), core_s, found.reason)

    def profile(self, candidate: Candidate) -> Profiled:
        """Returns what one profile says of a candidate: an inference of one window."""
        (found,) = self._profiler.measure(candidate, self._task.input_spec)
        if found.status is not MeasurementStatus.OK:
            return Profiled(math.nan, math.nan, math.nan, found.reason or found.status.value)
        latency, memory = found.values["latency_s"], found.values["memory_bytes"]
        return Profiled(_number(latency.value), _number(latency.stderr), _number(memory.value), "")


def run(method: str, seed: int, evaluations: int, folder: Path, evaluator: Callable[[], Evaluator] = Evaluator) -> Path:
    """Does what a run lacks, and returns the file of its rows. What is there is told to the method, and not done again.

    Raises:
        InputError: the rows are of another method, seed or version: the method proposes something else.
    """
    path = folder / f"{method}-{seed}.csv"
    searching = METHODS[method](load_space(SPACE), WatchTask().input_spec, seed)
    with RowLog(Evaluated, path) as log:
        if len(log.rows) >= evaluations:
            return path
        with evaluator() as work:
            for number in range(evaluations):
                began_s = time.perf_counter()
                candidate = searching.ask()
                propose_s = time.perf_counter() - began_s
                if number == len(log.rows):
                    log.append(_evaluated(number, candidate, seed, propose_s, work))
                row = log.rows[number]
                if row.key != candidate.key:
                    raise InputError(f"{path}: its row {number} is not what {method} proposes now; name another --out")
                searching.tell(row.seen)
    return path


def _evaluated(number: int, candidate: Candidate, seed: int, propose_s: float, work: Evaluator) -> Evaluated:
    scored, profiled = work.train(candidate, seed), work.profile(candidate)
    return Evaluated(
        number,
        candidate.key,
        canonical_json(candidate.to_json()),
        scored.reason or profiled.reason,
        scored.error,
        scored.test_error,
        profiled.latency_s,
        profiled.latency_stderr_s,
        profiled.memory_bytes,
        scored.core_s,
        propose_s,
    )


def _number(value: float | None) -> float:
    """Returns a value with as many digits as the file keeps: a run that goes on is told what it was told before."""
    return math.nan if value is None else float(f"{value:.7g}")
