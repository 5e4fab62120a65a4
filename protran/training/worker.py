"""Answers training requests in an isolated process: JSON in, JSON out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from protran.errors import ProTranError
from protran.tasks.base import TaskData
from protran.tasks.errors import TaskError
from protran.tasks.registry import load_task, task_from_reference
from protran.training.outcome import TrainingOutcome
from protran.training.request import TrainingRequest
from protran.training.train import train
from search_spaces.canonical import canonical_json
from search_spaces.errors import SpaceError


def warm_up() -> None:
    """Loads the default task, so that processes forked from this one share it; importing this module loaded torch.

    A default task that cannot be read is no error here: whoever asks for it is told.
    """
    with contextlib.suppress(TaskError):
        _data(canonical_json(load_task("watch").reference()))


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Trains as a `TrainingRequest` in JSON asks.

    Returns:
        A JSON object with `status` "ok" or "failed". With "ok": `metrics`, `stderr`, `epochs`, `train_s`, `details`.
        With "failed": `reason`, one sentence. Both carry `training_key` and `architecture_key` where the request could
        be read.
    """
    try:
        request = TrainingRequest.from_json(payload)
    except (ProTranError, SpaceError) as error:
        return _failed(str(error))
    keys = {"training_key": request.training_key, "architecture_key": request.architecture.key}
    try:
        outcome = train(
            request.architecture,
            _data(canonical_json(dict(request.task))),
            request.recipe,
            request.fidelity,
            request.seed,
            weights_path=request.weights_path,
        )
    except (ProTranError, SpaceError) as error:
        return keys | _failed(str(error))
    except MemoryError:
        return keys | _failed("the training ran out of memory; allow more or choose a smaller model")
    return keys | _answer(outcome)


@lru_cache(maxsize=2)
def _data(reference: str) -> TaskData:
    """Returns a task's data; kept, so that a forked process need not read it again."""
    return task_from_reference(json.loads(reference)).load()


def _answer(outcome: TrainingOutcome) -> dict[str, Any]:
    return {
        "status": "ok",
        "metrics": dict(outcome.metrics),
        "stderr": dict(outcome.stderr),
        "epochs": len(outcome.history),
        "train_s": outcome.train_s,
        "details": {
            "best_epoch": outcome.best_epoch,
            "parameters": outcome.parameters,
            "train_core_s": outcome.train_core_s,
            "normalisation": outcome.normalisation.to_json(),
            "history": [record.to_json() for record in outcome.history],
        },
    }


def _failed(reason: str) -> dict[str, Any]:
    return {"status": "failed", "reason": reason, "metrics": {}, "stderr": {}, "epochs": 0, "train_s": 0.0}
