"""A training as a request: what a job carries to the process that trains and scores, and its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.tasks.base import Task
from protran.training.hurdle import Hurdle
from protran.training.keys import training_key
from protran.training.recipe import Recipe
from protran.training.scored import scored_deployment
from search_spaces.candidate import Architecture, Candidate
from search_spaces.deployment import Deployment
from search_spaces.input_spec import InputSpec

ENTRY = "protran.training.worker"  # the module whose `handle` answers a request


@dataclass(frozen=True)
class TrainingRequest:
    """One training of one architecture on one task, and the deployment in which it is scored.

    Attributes:
        architecture: what is trained.
        task_name: the task's name, for tables and the key.
        task: the task's reference (`Task.reference`), from which the data is found again.
        input_spec: what the model reads and predicts.
        recipe: how weights are fitted.
        fidelity: epochs and share of the data.
        seed: of initial weights, order and augmentation.
        deployment: how the trained weights are made to run; reduced to what changes scores.
        weights_folder: where trained weights are kept, to be shared by the deployments of an architecture; no part of
            the key. None keeps none.
        teacher: the training whose weights, in fp32, teach this one, where the recipe's `distillation` is above 0.
        hurdle: validation accuracies below which it is stopped as hopeless; None lets it run to its end.

    Raises:
        InputError: recipe and teacher do not belong together, or the teacher is of another task, or was fitted to the
            validation windows that this one is scored on; a hurdle is in the way of a training that others need the
            weights of, or that has no validation accuracy.
    """

    architecture: Architecture
    task_name: str
    task: Mapping[str, Any]
    input_spec: InputSpec
    recipe: Recipe
    fidelity: Fidelity
    seed: int
    deployment: Deployment = field(default_factory=Deployment)
    weights_folder: Path | None = None
    teacher: TrainingRequest | None = None
    hurdle: Hurdle | None = None

    def __post_init__(self) -> None:
        candidate = Candidate(self.architecture, self.deployment)  # refuses a deployment of another depth
        object.__setattr__(self, "deployment", scored_deployment(candidate.deployment))
        if (self.teacher is not None) != (self.recipe.distillation > 0):
            raise InputError(
                f"training request: expected a teacher where the recipe's distillation is above 0 and nowhere else, "
                f"got distillation {self.recipe.distillation:g} and {'no' if self.teacher is None else 'a'} teacher"
            )
        if self.teacher is not None:
            self._check_teacher(self.teacher)
            object.__setattr__(self, "teacher", replace(self.teacher, deployment=Deployment(), weights_folder=None))
        if self.hurdle is not None and (
            self.fidelity.refit or self.teacher is not None or self.deployment != Deployment()
        ):
            raise InputError(
                "training request: expected a hurdle for a short training in fp32 without a teacher alone, got one "
                "for a refit, a taught or a compressed model; leave it out"
            )

    def _check_teacher(self, teacher: TrainingRequest) -> None:
        if (teacher.task, teacher.input_spec) != (self.task, self.input_spec):
            raise InputError(
                f"training request: expected a teacher of the same task, {self.task_name}, got one of "
                f"{teacher.task_name}; choose another"
            )
        if teacher.fidelity.refit and not self.fidelity.refit:
            raise InputError(
                "training request: expected a teacher that has not seen the validation windows, got one that was "
                "fitted to them; take its training at full fidelity"
            )

    @classmethod
    def on(
        cls, task: Task, architecture: Architecture, recipe: Recipe, fidelity: Fidelity, seed: int
    ) -> TrainingRequest:
        """Returns the request to train `architecture` on `task`. Raises `TaskError` if the task cannot be read."""
        return cls(architecture, task.name, task.reference(), task.input_spec, recipe, fidelity, seed)

    @property
    def candidate(self) -> Candidate:
        """What is scored; it stands for all candidates with the same score."""
        return Candidate(self.architecture, self.deployment)

    @property
    def training_key(self) -> str:
        """Equal for requests that must give the same scores."""
        return self._key(self.deployment, self.hurdle)

    @property
    def weights_name(self) -> str:
        """Name of the file in `weights_folder`: equal for requests that must give the same weights in fp32.

        A training that is stopped leaves none, so that a hurdle makes no other weights.
        """
        return f"{self._key(None)}.safetensors"

    def _key(self, deployment: Deployment | None, hurdle: Hurdle | None = None) -> str:
        return training_key(
            self.architecture,
            self.input_spec,
            self.task_name,
            str(self.task["version"]),
            self.recipe,
            self.fidelity,
            self.seed,
            parent=None if self.teacher is None else self.teacher.training_key,
            deployment=deployment,
            hurdle=hurdle,
        )

    def failed(self, reason: str, train_s: float = 0.0, started_at: str = "") -> Evaluation:
        """Returns the evaluation that records why this training gave no score."""
        return Evaluation(
            training_key=self.training_key,
            architecture=self.architecture,
            task=self.task_name,
            fidelity=self.fidelity,
            seed=self.seed,
            status=EvaluationStatus.FAILED,
            deployment=self.deployment,
            reason=reason,
            train_s=train_s,
            started_at=started_at,
        )

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: the payload of a `TaskJob`."""
        payload: dict[str, Any] = {
            "architecture": self.architecture.to_json(),
            "task_name": self.task_name,
            "task": dict(self.task),
            "input_spec": self.input_spec.to_json(),
            "recipe": self.recipe.to_json(),
            "fidelity": self.fidelity.to_json(),
            "seed": self.seed,
        }
        if deployment := self.deployment.to_json():
            payload["deployment"] = deployment
        if self.weights_folder is not None:
            payload["weights_folder"] = str(self.weights_folder)
        if self.teacher is not None:
            payload["teacher"] = self.teacher.to_json()
        if self.hurdle is not None:
            payload["hurdle"] = self.hurdle.to_json()
        return payload

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> TrainingRequest:
        """Returns the request that `to_json` wrote. Raises `InputError` or `SpaceError` on anything else."""
        try:
            folder, teacher = payload.get("weights_folder"), payload.get("teacher")
            return cls(
                architecture=Architecture.from_json(payload["architecture"]),
                task_name=payload["task_name"],
                task=payload["task"],
                input_spec=InputSpec.from_json(payload["input_spec"]),
                recipe=Recipe.from_json(payload["recipe"]),
                fidelity=Fidelity.from_json(payload["fidelity"]),
                seed=int(payload["seed"]),
                deployment=Deployment.from_json(payload.get("deployment", {})),
                weights_folder=Path(folder) if folder is not None else None,
                teacher=cls.from_json(teacher) if teacher is not None else None,
                hurdle=Hurdle.from_json(payload["hurdle"]) if "hurdle" in payload else None,
            )
        except KeyError as error:
            raise InputError(f"training request: {error.args[0]!r} is missing") from error
