"""Answers training requests in an isolated process: JSON in, JSON out."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from protran.errors import ProTranError
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.tasks.base import TaskData
from protran.tasks.errors import TaskError
from protran.tasks.registry import load_task, task_from_reference
from protran.training.hurdle import STOPPED
from protran.training.outcome import TrainingOutcome
from protran.training.recordings import RECORDINGS
from protran.training.request import TrainingRequest
from protran.training.scoring import scored
from search_spaces.canonical import canonical_json
from search_spaces.errors import SpaceError


def warm_up() -> None:
    """Loads the default task, so that processes forked from this one share it; importing this module loaded torch.

    A default task that cannot be read is no error here: whoever asks for it is told.
    """
    with contextlib.suppress(TaskError):
        _data(canonical_json(load_task("watch").reference()))


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Trains and scores as a `TrainingRequest` in JSON asks; returns an `Evaluation` in JSON, of a failure too.

    Raises:
        InputError, SpaceError: the payload is no request, so that there is nothing to record a failure of.
    """
    request = TrainingRequest.from_json(payload)
    started_at, began_s = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    try:
        outcome = scored(request, _data(canonical_json(dict(request.task))))
    except (ProTranError, SpaceError) as error:
        return request.failed(str(error), time.perf_counter() - began_s, started_at).to_json()
    return _evaluation(request, outcome, started_at).to_json()


@lru_cache(maxsize=2)
def _data(reference: str) -> TaskData:
    """Returns a task's data; kept, so that a forked process need not read it again."""
    return task_from_reference(json.loads(reference)).load()


def _evaluation(request: TrainingRequest, outcome: TrainingOutcome, started_at: str) -> Evaluation:
    return Evaluation(
        training_key=request.training_key,
        architecture=request.architecture,
        task=request.task_name,
        fidelity=request.fidelity,
        seed=request.seed,
        status=EvaluationStatus.OK,
        deployment=request.deployment,
        metrics=outcome.metrics,
        stderr=outcome.stderr,
        train_s=outcome.train_s,
        epochs=len(outcome.history),
        details={
            "best_epoch": outcome.best_epoch,
            "parameters": outcome.parameters,
            "train_core_s": outcome.train_core_s,
            "normalisation": outcome.normalisation.to_json(),
            "history": [record.to_json() for record in outcome.history],
            **({RECORDINGS: outcome.recordings} if outcome.recordings else {}),
            **({} if request.teacher is None else {"teacher": request.teacher.training_key}),
            **({} if outcome.stopped is None else {STOPPED: outcome.stopped.to_json()}),
        },
        started_at=started_at,
    )
