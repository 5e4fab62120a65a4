"""From the result of a job to the row that is recorded of it."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime

from device_agents.fleet.base import JobResult, TaskJob
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from protran.errors import CampaignError
from protran.ledger.evaluation import Evaluation
from protran.training.request import TrainingRequest


def measurement_of(request: ProfileRequest, result: JobResult) -> Measurement:
    """Returns the measurement in a profile job's result; a failure of the job is a failed measurement."""
    if result.measurement is not None:
        return result.measurement
    reason = result.failure or "no answer came"
    return Measurement(
        request.request_id, request.device_identity, MeasurementStatus.FAILED, reason=reason, started_at=_now()
    )


def evaluation_of(job: TaskJob, result: JobResult) -> Evaluation:
    """Returns the evaluation in a training job's result; a failure of the job is a failed evaluation.

    Raises:
        CampaignError: the worker answered something that is no evaluation.
    """
    if result.result is None:
        request = TrainingRequest.from_json(job.payload)
        evaluation = request.failed(result.failure or "no answer came", result.wall_s, _now(result.wall_s))
    else:
        try:
            evaluation = Evaluation.from_json(result.result)
        except (KeyError, TypeError, ValueError) as error:
            raise CampaignError(f"training {job.job_id}: the worker's answer is no evaluation ({error})") from error
    return dataclasses.replace(evaluation, training_key=job.job_id)  # a training asked anew has a key of its own


def _now(seconds_ago: float = 0.0) -> str:
    return datetime.fromtimestamp(time.time() - seconds_ago, UTC).isoformat(timespec="seconds")
