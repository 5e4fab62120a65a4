"""The evaluation: the task score of one trained architecture in one deployment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.errors import InputError
from protran.fidelity import Fidelity
from search_spaces.candidate import Architecture, Candidate
from search_spaces.deployment import Deployment


class EvaluationStatus(str, Enum):
    """What became of a training."""

    OK = "ok"
    FAILED = "failed"


@dataclass(frozen=True)
class Evaluation:
    """The answer to one training request.

    Choices are made on the validation metrics; the test metrics are only reported.

    Attributes:
        training_key: the training that this answers.
        architecture: what was trained.
        task: the task's name.
        fidelity: epochs and share of the data that it was allowed.
        seed: of the training.
        status: ok or failed.
        deployment: how the trained weights were made to run when they were scored, reduced to what changes scores.
        metrics: parts of one: `validation_accuracy`, `test_accuracy`, `validation_macro_f1` …; empty for a failure.
        stderr: standard errors of `metrics`, of those that have one.
        reason: one sentence, for a failure.
        train_s: wall-clock seconds.
        epochs: passes that were made before it stopped; 0 where trained weights were there already.
        details: other figures about the training, as JSON.
        started_at: UTC time stamp, ISO 8601.
    """

    training_key: str
    architecture: Architecture
    task: str
    fidelity: Fidelity
    seed: int
    status: EvaluationStatus
    deployment: Deployment = field(default_factory=Deployment)
    metrics: Mapping[str, float] = field(default_factory=dict)
    stderr: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    train_s: float = 0.0
    epochs: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)
    started_at: str = ""

    def __post_init__(self) -> None:
        for name, number in (*self.metrics.items(), *self.stderr.items(), ("train_s", self.train_s)):
            if not math.isfinite(number):
                raise InputError(f"evaluation {self.training_key}: {name} must be finite, got {number!r}")
        if self.status is EvaluationStatus.FAILED and not self.reason:
            raise InputError(f"evaluation {self.training_key}: a failure needs a reason, got none")

    @property
    def candidate(self) -> Candidate:
        """What was scored; it stands for all candidates with the same score."""
        return Candidate(self.architecture, self.deployment)

    @property
    def error(self) -> Value:
        """1 - validation accuracy; unavailable for a failure."""
        return self._error_of("validation_accuracy")

    @property
    def test_error(self) -> Value:
        """1 - test accuracy; reported, never chosen by."""
        return self._error_of("test_accuracy")

    def _error_of(self, metric: str) -> Value:
        if self.status is not EvaluationStatus.OK or metric not in self.metrics:
            return UNAVAILABLE
        return Value(1.0 - self.metrics[metric], self.stderr.get(metric), Provenance.SCORED)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same evaluation."""
        payload = {
            "training_key": self.training_key,
            "architecture": self.architecture.to_json(),
            "task": self.task,
            "fidelity": self.fidelity.to_json(),
            "seed": self.seed,
            "status": self.status.value,
            "metrics": dict(self.metrics),
            "stderr": dict(self.stderr),
            "reason": self.reason,
            "train_s": self.train_s,
            "epochs": self.epochs,
            "details": dict(self.details),
            "started_at": self.started_at,
        }
        if deployment := self.deployment.to_json():
            payload["deployment"] = deployment
        return payload

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Evaluation:
        """Returns the evaluation that `to_json` wrote."""
        return cls(
            **{
                **payload,
                "architecture": Architecture.from_json(payload["architecture"]),
                "deployment": Deployment.from_json(payload.get("deployment", {})),
                "fidelity": Fidelity.from_json(payload["fidelity"]),
                "status": EvaluationStatus(payload["status"]),
            }
        )
