"""A training as a request: what a job carries to the process that trains and scores, and its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.tasks.base import Task
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

    def __post_init__(self) -> None:
        candidate = Candidate(self.architecture, self.deployment)  # refuses a deployment of another depth
        object.__setattr__(self, "deployment", scored_deployment(candidate.deployment))

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
        return self._key(self.deployment)

    @property
    def weights_name(self) -> str:
        """Name of the file in `weights_folder`: equal for requests that must give the same weights in fp32."""
        return f"{self._key(None)}.safetensors"

    def _key(self, deployment: Deployment | None) -> str:
        return training_key(
            self.architecture,
            self.input_spec,
            self.task_name,
            str(self.task["version"]),
            self.recipe,
            self.fidelity,
            self.seed,
            deployment=deployment,
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
        return payload

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> TrainingRequest:
        """Returns the request that `to_json` wrote. Raises `InputError` or `SpaceError` on anything else."""
        try:
            folder = payload.get("weights_folder")
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
            )
        except KeyError as error:
            raise InputError(f"training request: {error.args[0]!r} is missing") from error
