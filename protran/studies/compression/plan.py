"""What a compression study consists of, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from protran.studies.compression.models import StudyModel
from protran.studies.compression.variant import Variant
from search_spaces.input_spec import InputSpec

SEED_STRIDE = 1000
FIRST_SEED = 1000
"""Far from the seeds of campaigns (0, 1, 2 …): no training here is one that a member of a front was chosen by."""


@dataclass(frozen=True)
class StudyPlan:
    """A compression study.

    Attributes:
        folder: of all its files.
        task: the task's reference.
        input_spec: what its models read.
        models: what is trained; teachers come before their students.
        repeats: trainings of each model.
        timed_repeats: of them, how many are timed; at most all.
        seed: root of all others.
    """

    folder: Path
    task: Mapping[str, Any]
    input_spec: InputSpec
    models: tuple[StudyModel, ...]
    repeats: int
    timed_repeats: int
    seed: int

    @cached_property
    def by_key(self) -> Mapping[str, StudyModel]:
        """The models by their keys."""
        return {model.key: model for model in self.models}

    @property
    def rows(self) -> list[tuple[StudyModel, Variant]]:
        """What the table has a row for."""
        return [(model, variant) for model in self.models for variant in model.variants]

    def seed_of(self, repeat: int) -> int:
        """Returns the seed of a repeat, the same for all models: they are compared repeat by repeat."""
        return FIRST_SEED + SEED_STRIDE * self.seed + repeat

    def weights(self, model: StudyModel, repeat: int) -> Path:
        """Returns where a training's weights are."""
        return self.folder / "weights" / f"{model.key}-{repeat}.safetensors"

    def deployed(self, model: StudyModel, variant: Variant, repeat: int) -> Path:
        """Returns where a deployed file is, without its suffix."""
        return self.folder / "deployed" / f"{model.key}--{variant.value}--{repeat}"

    def found_file(self, model: StudyModel, variant: Variant, repeat: int) -> Path | None:
        """Returns a deployed file; None where there is none."""
        path = self.deployed(model, variant, repeat)
        known = (path.with_name(f"{path.name}{suffix}") for suffix in (".onnx", ".safetensors"))
        return next((file for file in known if file.is_file()), None)

    def training_job(self, model: StudyModel, repeat: int) -> dict[str, Any]:
        """Returns the job that trains a model."""
        return {**self._about(model, repeat), "job": "train"}

    def scoring_job(self, model: StudyModel, variants: Sequence[Variant], repeat: int) -> dict[str, Any]:
        """Returns the job that scores variants of a trained model, and keeps the files that are to be timed."""
        kept = variants if repeat < self.timed_repeats else ()
        return {
            **self._about(model, repeat),
            "job": "score",
            "variants": [variant.value for variant in variants],
            "files": {variant.value: str(self.deployed(model, variant, repeat)) for variant in kept},
        }

    def _about(self, model: StudyModel, repeat: int) -> dict[str, Any]:
        told: dict[str, Any] = {
            "model": model.to_json(),
            "task": dict(self.task),
            "seed": self.seed_of(repeat),
            "weights": str(self.weights(model, repeat)),
        }
        if model.teacher:
            teacher = self.by_key[model.teacher]
            told["teacher"] = {"model": teacher.to_json(), "weights": str(self.weights(teacher, repeat))}
        return told
