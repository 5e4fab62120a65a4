"""The trainings behind the table: the product's own worker, at the full fidelity of a campaign on `watch`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from benchmarks.cancelling import cancelled_after_errors
from benchmarks.watch_table.plan import SAMPLE_SEED, SPACE, training_order
from benchmarks.watch_table.progress import tell, time_left_s
from device_agents.environment import machine_facts
from protran.errors import InputError
from protran.ledger.evaluation import Evaluation
from protran.studies.row_log import RowLog
from protran.tasks.watch import WatchTask
from protran.training.fidelity import fidelities
from protran.training.keys import TRAINING_VERSION
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest
from protran.training.worker import handle, warm_up
from search_spaces.candidate import Candidate

NAME = "trainings.csv"

Place = tuple[int, int]
"""Number of the candidate and seed."""
Answers = Callable[[Mapping[Place, TrainingRequest]], Iterator[tuple[Place, Evaluation]]]
"""Does trainings and gives each as it ends."""


@dataclass(frozen=True)
class Training:
    """One training of one candidate; `error` is 1 - accuracy on the validation set, which is what a search sees."""

    number: int
    seed: int
    architecture_key: str
    training_key: str
    status: str
    reason: str
    error: float
    error_stderr: float
    test_error: float
    test_error_stderr: float
    parameters: int
    epochs: int
    best_epoch: int
    train_s: float
    train_core_s: float
    started_at: str
    machine: str

    @classmethod
    def of(cls, number: int, evaluation: Evaluation, machine: str) -> Training:
        """Returns what is kept of an evaluation on a machine; a failure has its reason and no scores."""
        error, test_error, details = evaluation.error, evaluation.test_error, evaluation.details
        return cls(
            number=number,
            seed=evaluation.seed,
            architecture_key=evaluation.architecture.key,
            training_key=evaluation.training_key,
            status=evaluation.status.value,
            reason=evaluation.reason,
            error=_number(error.value),
            error_stderr=_number(error.stderr),
            test_error=_number(test_error.value),
            test_error_stderr=_number(test_error.stderr),
            parameters=int(details.get("parameters", 0)),
            epochs=evaluation.epochs,
            best_epoch=int(details.get("best_epoch", 0)),
            train_s=evaluation.train_s,
            train_core_s=_number(details.get("train_core_s")),
            started_at=evaluation.started_at,
            machine=machine,
        )


def requests(candidates: Sequence[Candidate], seeds: int) -> dict[Place, TrainingRequest]:
    """Returns the trainings by number of the candidate and seed, in the order in which they are done."""
    task = WatchTask()
    data = task.load()
    full = fidelities(len(data.train), len(data.validation)).full
    return {
        (number, seed): TrainingRequest.on(task, candidates[number].architecture, Recipe(), full, seed)
        for number, seed in training_order(len(candidates), seeds)
    }


def conditions(request: TrainingRequest) -> dict[str, Any]:
    """Returns what all trainings have in common."""
    return {
        "space": SPACE,
        "sample_seed": SAMPLE_SEED,
        "task": dict(request.task),
        "recipe": request.recipe.to_json(),
        "fidelity": request.fidelity.to_json(),
        "training_version": TRAINING_VERSION,
    }


def left_of(planned: Mapping[Place, TrainingRequest], rows: Sequence[Training]) -> list[Place]:
    """Returns what of the plan has no row yet, in its order. A training that failed has one, and is not tried again.

    Raises:
        InputError: a row is of another architecture, recipe, fidelity or version of the task than planned.
    """
    known = {(row.number, row.seed): row.training_key for row in rows}
    for place, request in planned.items():
        if known.get(place, request.training_key) != request.training_key:
            raise InputError(
                f"the row of candidate {place[0]} and seed {place[1]} is of another recipe, fidelity, task or space; "
                f"name another --out"
            )
    return [place for place in planned if place not in known]


def one_by_one(wanted: Mapping[Place, TrainingRequest]) -> Iterator[tuple[Place, Evaluation]]:
    """Trains in this process, in the order of the requests."""
    warm_up()
    for place, request in wanted.items():
        yield place, Evaluation.from_json(handle(request.to_json()))


def side_by_side(jobs: int) -> Answers:
    """Returns what trains in `jobs` processes."""

    def answers(wanted: Mapping[Place, TrainingRequest]) -> Iterator[tuple[Place, Evaluation]]:
        spawn = get_context("spawn")
        with ProcessPoolExecutor(jobs, spawn, initializer=warm_up) as pool, cancelled_after_errors(pool):
            asked = {pool.submit(handle, request.to_json()): place for place, request in wanted.items()}
            for future in as_completed(asked):
                yield asked[future], Evaluation.from_json(future.result())

    return answers


def train_all(planned: Mapping[Place, TrainingRequest], log: RowLog[Training], answers: Answers = one_by_one) -> None:
    """Does what the log lacks, a row each; a training that fails is a row too.

    Args:
        planned: in the order in which it is done.
        log: of the trainings; rows that are not planned stay.
        answers: trains.

    Raises:
        InputError: see `left_of`.
    """
    wanted = {place: planned[place] for place in left_of(planned, log.rows)}
    seconds = {row.number: row.train_s for row in log.rows if row.status == "ok"}
    facts, left = machine_facts(), list(wanted)
    machine = f"{facts.processor}, {facts.cores} cores, torch {facts.torch}"
    for place, evaluation in answers(wanted):
        row = Training.of(place[0], evaluation, machine)
        log.append(row)
        left.remove(place)
        seconds[row.number] = row.train_s
        what = f"trainings, candidate {row.number}, seed {row.seed}: {row.reason or f'error {row.error:.3f}'}"
        tell(len(planned) - len(left), len(planned), what, time_left_s([number for number, _ in left], seconds))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
