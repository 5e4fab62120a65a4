"""A small study: waves of three frequencies in a file, a model of three layers, and processes that only pretend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device_agents.isolation import Limits
from protran.fidelity import Fidelity
from protran.studies.compression.models import StudyModel, large_models, limited, students
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.recipes import STUDY
from protran.studies.compression.rows import OK
from protran.studies.compression.variant import Variant
from protran.tasks.base import Task
from protran.tasks.registry import load_task
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.canonical import canonical_json

TINY = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (16,)),) * 3)


def write_waves(path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 48)
    waves = np.sin(2 * np.pi * (labels[:, None] + 1) * np.arange(32) / 32 + generator.uniform(0, 6, (144, 1)))
    signals = (waves + 0.3 * generator.standard_normal(waves.shape))[:, None, :]
    np.savez(path, X=signals.astype(np.float32), y=labels, groups=np.repeat(np.arange(36), 4))


@pytest.fixture(scope="session")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Task:
    path = tmp_path_factory.mktemp("waves") / "waves.npz"
    write_waves(path)
    return load_task(path)


@pytest.fixture
def tiny() -> StudyModel:
    (model,) = large_models({"tiny": TINY}, [STUDY], Fidelity(2), Fidelity(2))
    return model


@pytest.fixture
def plan(tmp_path: Path, waves: Task, tiny: StudyModel) -> StudyPlan:
    """Two repeats of one model in three variants and of its four students in two, one of them timed."""
    models = limited([tiny, *students(tiny, Fidelity(2))], {Variant.FP32, Variant.ONNX, Variant.PRUNED})
    return StudyPlan(tmp_path / "study", waves.reference(), waves.input_spec, tuple(models), 2, 1, 0)


class PretendedProcess:
    """Answers jobs at once with figures that follow from the job; notes them.

    Args:
        failing: returns why a job fails; empty where it does not.
    """

    def __init__(self, failing: Callable[[Mapping[str, Any]], str] = lambda payload: "") -> None:
        self.jobs: list[Mapping[str, Any]] = []
        self._failing = failing

    def call(self, payload: Mapping[str, Any], limits: Limits | None = None) -> dict[str, Any]:
        self.jobs.append(payload)
        if reason := self._failing(payload):
            return {"status": "failed", "reason": reason}
        return {"status": OK, **getattr(self, f"_{payload['job']}")(payload)}

    def close(self) -> None:
        pass

    def count(self, job: str) -> int:
        return sum(payload["job"] == job for payload in self.jobs)

    @staticmethod
    def _train(payload: Mapping[str, Any]) -> dict[str, Any]:
        Path(payload["weights"]).parent.mkdir(parents=True, exist_ok=True)
        Path(payload["weights"]).touch()
        return {"epochs": 2, "best_epoch": 1, "train_s": 4.0, "train_core_s": 3.0}

    @staticmethod
    def _score(payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"rows": [PretendedProcess._scored(payload, name) for name in payload["variants"]]}

    @staticmethod
    def _scored(payload: Mapping[str, Any], variant: str) -> dict[str, Any]:
        model = StudyModel.from_json(payload["model"])
        if variant in payload["files"]:
            path = Path(payload["files"][variant])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f"{path.name}.onnx").touch()
        score = 0.5 + 0.01 * list(Variant).index(Variant(variant)) + 0.001 * (payload["seed"] % 7)
        figures = dict.fromkeys(("accuracy", "macro_f1", "validation_accuracy", "validation_macro_f1"), score)
        counted = {"parameters": 7, "file_bytes": 100, "memory_bytes": 50.0, "tuning_s": 0.0, "tuning_core_s": 0.0}
        candidate = canonical_json(Candidate(model.architecture, model.deployment).to_json())
        return {"variant": variant, "status": OK, **figures, **counted, "candidate": candidate}

    @staticmethod
    def _time(payload: Mapping[str, Any]) -> dict[str, Any]:
        figures = {"latency_s": 0.002, "latency_stderr_s": 1e-5, "core_seconds": 0.002, "loop_s": 0.003}
        return {**figures, "energy_j": None, "references": {**payload["references"], "base": {"latency_s": 1.0}}}


@pytest.fixture
def pretended() -> type[PretendedProcess]:
    return PretendedProcess
