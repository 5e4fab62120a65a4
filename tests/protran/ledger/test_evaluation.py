from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from device_agents.measurement import UNAVAILABLE, Provenance
from protran.errors import InputError
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, Precision, Runtime


def test_an_evaluation_survives_json(evaluated: Callable[..., Evaluation]) -> None:
    evaluation = evaluated("key")
    assert Evaluation.from_json(json.loads(json.dumps(evaluation.to_json()))) == evaluation


def test_a_deployment_survives_json_and_the_default_one_is_left_out(evaluated: Callable[..., Evaluation]) -> None:
    deployed = replace(evaluated("key"), deployment=Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME))
    assert Evaluation.from_json(json.loads(json.dumps(deployed.to_json()))) == deployed
    assert "deployment" not in evaluated("key").to_json()


def test_an_evaluation_is_of_the_candidate_that_was_scored(evaluated: Callable[..., Evaluation]) -> None:
    evaluation = evaluated("key")
    assert evaluation.candidate == Candidate(evaluation.architecture)
    deployment = Deployment(Precision.BF16)
    assert replace(evaluation, deployment=deployment).candidate == Candidate(evaluation.architecture, deployment)


def test_the_error_is_scored_on_the_validation_data(evaluated: Callable[..., Evaluation]) -> None:
    evaluation = evaluated("key", accuracy=0.75)
    assert (evaluation.error.value, evaluation.error.stderr) == (0.25, 0.01)
    assert evaluation.error.provenance is Provenance.SCORED
    assert evaluation.test_error.value == pytest.approx(0.35)


def test_a_failure_has_no_error_and_needs_a_reason(evaluated: Callable[..., Evaluation]) -> None:
    failure = replace(evaluated("key"), status=EvaluationStatus.FAILED, metrics={}, reason="out of memory")
    assert failure.error == UNAVAILABLE
    with pytest.raises(InputError, match="needs a reason"):
        replace(failure, reason="")


def test_a_score_that_is_not_finite_is_refused(evaluated: Callable[..., Evaluation]) -> None:
    with pytest.raises(InputError, match="validation_accuracy must be finite"):
        replace(evaluated("key"), metrics={"validation_accuracy": math.nan})
