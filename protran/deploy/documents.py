"""The JSON files of an export: what a program must know to feed the model, and where everything comes from."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import PurePath
from typing import Any

from protran.deploy.exported import Exported
from protran.deploy.format import Format
from protran.tasks.base import TaskData

PREPROCESSING, PROVENANCE = "preprocessing.json", "provenance.json"
DOCUMENT_VERSION = 1
_LIBRARIES = ("protran", "torch", "numpy", "onnx", "onnxruntime", "safetensors")


def preprocessing(exported: Exported, data: TaskData) -> dict[str, Any]:
    """Returns what inputs must be like, what becomes of them, and the names of the answers."""
    spec = data.input_spec
    where = "model.onnx, its first two operators" if exported.form is Format.ONNX else "load_exported's logits"
    return {
        "version": DOCUMENT_VERSION,
        "kind": spec.kind.value,
        "channels": spec.channels,
        "samples": spec.length,
        "dtype": "float32",
        "sampling_rate_hz": None,  # tasks do not say it
        "normalisation": {**exported.normalisation.to_json(), "formula": "(x - centre) / scale", "done_by": where},
        "classes": list(data.classes),
        "threads": exported.candidate.deployment.threads,
    }


def candidate_document(exported: Exported) -> dict[str, Any]:
    """Returns the candidate as the file runs, with what it reads: `protran profile` measures it."""
    return {**exported.candidate.to_json(), "input_spec": exported.deployable.request.input_spec.to_json()}


def provenance(exported: Exported) -> dict[str, Any]:
    """Returns where the model comes from: keys, the training's request, the score, versions.

    Of the task's source only the last part is told: the rest of a path is nobody's business.
    """
    deployable = exported.deployable
    request = deployable.request.to_json()
    return {
        "version": DOCUMENT_VERSION,
        **{name: value for name, value in exported.to_json().items() if name not in ("folder", "files")},
        "campaign_began_at": deployable.began_at,
        "training": _without_paths(request),
        "trained_at": deployable.evaluation.started_at,
        "ledger_metrics": dict(deployable.evaluation.metrics),
        "ledger_stderr": dict(deployable.evaluation.stderr),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Returns the versions of the libraries that are installed here, and of Python."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def properties(exported: Exported, data: TaskData) -> dict[str, str]:
    """Returns what an ONNX file says of itself beside its architecture and its input spec."""
    request = exported.deployable.request
    return {
        "candidate_key": exported.deployable.member.candidate.key,
        "exported_key": exported.candidate.key,
        "training_key": request.training_key,
        "campaign": exported.deployable.campaign,
        "task": request.task_name,
        "task_version": str(request.task["version"]),
        "seed": str(request.seed),
        "classes": json.dumps(list(data.classes)),
        "normalisation": json.dumps(exported.normalisation.to_json()),
    }


def _without_paths(request: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in request.items() if name != "weights_folder"}
    task = found["task"]
    options = {
        name: PurePath(str(value)).name if name == "folder" else value
        for name, value in task.get("options", {}).items()
    }
    found["task"] = {**task, "source": PurePath(str(task["source"])).name, "options": options}
    if "teacher" in found:
        found["teacher"] = _without_paths(found["teacher"])
    return found
