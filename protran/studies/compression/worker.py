"""Answers the study's jobs in an isolated process: JSON in, JSON out; torch is loaded here and nowhere above."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from device_agents.counted_memory import counted_memory
from device_agents.errors import DeviceError
from device_agents.isolation import JobFailed
from device_agents.measurement import ProfileRequest
from device_agents.workload import Workload
from protran.errors import ProTranError
from protran.studies.compression.deployed import Deployed, deploy
from protran.studies.compression.models import StudyModel
from protran.studies.compression.rows import BUSY, FAILED, OK
from protran.studies.compression.timing import timed
from protran.studies.compression.trained import TrainedModel
from protran.studies.compression.variant import Variant
from protran.tasks.base import TaskData
from protran.tasks.registry import task_from_reference
from protran.training.distillation import Teacher
from protran.training.memory import memory_errors_told
from protran.training.one_thread import one_thread
from protran.training.predictor import score
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.canonical import canonical_json
from search_spaces.errors import SpaceError

OURS = (ProTranError, SpaceError, DeviceError)
"""What a job may fail by, as a row with a reason."""


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the answer to one job, which names itself as ``job``: ``train``, ``score`` or ``time``.

    A failure of what the job is about is an answer too: ``{"status": "failed", "reason"}``.
    """
    try:
        return _JOBS[payload["job"]](payload)
    except JobFailed as failure:  # of a timing: another program keeps the machine, which says nothing of the file
        return {"status": BUSY, "reason": failure.reason}
    except OURS as error:
        return {"status": FAILED, "reason": str(error)}


def _train(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Trains ``model`` with ``seed`` into ``weights``, whole or not at all."""
    model, data = StudyModel.from_json(payload["model"]), _data(payload)
    outcome = train(
        model.architecture,
        data,
        model.recipe,
        model.fidelity,
        payload["seed"],
        weights_path=Path(payload["weights"]),
        teacher=_teacher(payload, data),
    )
    return {
        "status": OK,
        "epochs": len(outcome.history),
        "best_epoch": outcome.best_epoch,
        "train_s": outcome.train_s,
        "train_core_s": outcome.train_core_s,
    }


def _score(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Scores ``variants`` of the model whose ``weights`` are given; ``files`` says where deployed files are kept."""
    model, data = StudyModel.from_json(payload["model"]), _data(payload)
    with memory_errors_told(), one_thread(), tempfile.TemporaryDirectory() as folder:
        weights, teacher = Path(payload["weights"]), _teacher(payload, data)
        trained = TrainedModel(model, payload["seed"], data, weights, Path(folder), teacher)
        rows = list(_scored(trained, [Variant(name) for name in payload["variants"]], payload.get("files", {})))
    return {"status": OK, "rows": rows}


def _scored(trained: TrainedModel, variants: Sequence[Variant], files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for variant in variants:
        try:
            deployed = deploy(trained, variant)
            row = _row(trained, deployed)
            if variant.value in files:
                _keep(deployed.path, Path(f"{files[variant.value]}{deployed.path.suffix}"))
        except Exception as error:  # whatever a library raises costs this variant, not its neighbours
            row = {"status": FAILED, "reason": str(error) if isinstance(error, OURS) else repr(error)}
        yield {"variant": variant.value, **row}


def _row(trained: TrainedModel, deployed: Deployed) -> dict[str, Any]:
    data, tuning = trained.data, deployed.tuning
    classes = len(data.classes)
    validation, test = (
        score(deployed.predict, part, deployed.normalisation, classes) for part in (data.validation, data.test)
    )
    request = ProfileRequest(deployed.candidate, data.input_spec, Workload(), device_identity="")
    return {
        "status": OK,
        "accuracy": test.accuracy.value,
        "macro_f1": test.macro_f1.value,
        "validation_accuracy": validation.accuracy.value,
        "validation_macro_f1": validation.macro_f1.value,
        "parameters": deployed.parameters,
        "file_bytes": deployed.path.stat().st_size,
        "memory_bytes": counted_memory(request).value,
        "tuning_s": 0.0 if tuning is None else tuning.train_s,
        "tuning_core_s": 0.0 if tuning is None else tuning.train_core_s,
        "tuning_epochs": 0 if tuning is None else len(tuning.history),
        "note": deployed.note,
        "candidate": canonical_json(deployed.candidate.to_json()),
    }


def _keep(source: Path, path: Path) -> None:
    """Copies a deployed file to where it is timed later: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    shutil.copyfile(source, partial)
    os.replace(partial, path)


def _teacher(payload: Mapping[str, Any], data: TaskData) -> Teacher | None:
    """Returns the trained model that ``teacher`` names, a model and its weights; None where there is none."""
    told = payload.get("teacher")
    if told is None:
        return None
    known = StudyModel.from_json(told["model"])
    return Teacher(*load_weights(Path(told["weights"]), known.architecture, data.input_spec))


def _data(payload: Mapping[str, Any]) -> TaskData:
    return task_from_reference(payload["task"]).load()


_JOBS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"train": _train, "score": _score, "time": timed}
