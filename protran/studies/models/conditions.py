"""Under what conditions a study of text classifiers is made: what all its rows must share."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

from device_agents.environment import device_identity, machine_facts
from protran.studies.models.plan import ModelsPlan
from protran.studies.texts import TextData

LIBRARIES = ("torch", "onnxruntime", "onnx", "tokenizers")


def study_conditions(plan: ModelsPlan, texts: TextData, source: str) -> dict[str, Any]:
    """Returns what a later start must find unchanged. Models, forms, repeats and sweeps may grow."""
    return {
        "study": "models",
        "data": Path(source).name,
        "data_version": texts.version,
        "length": plan.length,
        "seed": plan.seed,
        "threads": plan.threads,
        "training_documents": len(texts.train),
        "device": plan.device,
        "machine": device_identity(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def described_conditions(conditions: dict[str, Any], plan: ModelsPlan) -> dict[str, Any]:
    """Returns the conditions with what a reader wants to know beside: machine, models, sweeps."""
    facts = machine_facts()
    return {
        **conditions,
        "processor": facts.processor,
        "cores": facts.cores,
        "memory_bytes": facts.memory_bytes,
        "operating_system": facts.operating_system,
        "python": facts.python,
        "models": [contestant.headline for contestant in plan.contestants],
        "forms": [form.name for form in plan.forms],
        "epochs": plan.epochs,
        "scratch_epochs": plan.scratch_epochs,
        "repeats": plan.repeats,
        "batches": list(plan.batches),
        "lengths": list(plan.lengths),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
