"""Jobs and results as JSON text, for the way between processes."""

from __future__ import annotations

import dataclasses
import json

from device_agents.fleet.base import Job, JobResult, Limits, ProfileJob, TaskJob
from device_agents.measurement import Measurement, ProfileRequest


def job_text(job: Job) -> str:
    """Returns the job as JSON text.

    Raises:
        TypeError: a task's payload is not JSON.
        ValueError: a task's payload holds NaN or an infinity.
    """
    limits = {"time_s": job.limits.time_s, "memory_bytes": job.limits.memory_bytes}
    if isinstance(job, ProfileJob):
        wanted = {"energy": job.energy, "keep_trace": job.keep_trace, "asker": job.asker}
        return json.dumps({"request": job.request.to_json(), **wanted, "limits": limits})
    task = {"job_id": job.job_id, "entry": job.entry, "payload": dict(job.payload), "limits": limits}
    return json.dumps(task, allow_nan=False)


def profile_job(text: str) -> ProfileJob:
    """Returns the profile job that `job_text` wrote."""
    fields = json.loads(text)
    request, limits = ProfileRequest.from_json(fields["request"]), Limits(**fields["limits"])
    return ProfileJob(request, limits, fields["energy"], fields["keep_trace"], fields["asker"])


def task_job(text: str) -> TaskJob:
    """Returns the task job that `job_text` wrote."""
    fields = json.loads(text)
    return TaskJob(fields["job_id"], fields["entry"], fields["payload"], Limits(**fields["limits"]))


def result_text(result: JobResult) -> str:
    """Returns the result as JSON text."""
    fields = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    if result.measurement is not None:
        fields["measurement"] = result.measurement.to_json()
    return json.dumps(fields)


def job_result(text: str) -> JobResult:
    """Returns the result that `result_text` wrote."""
    fields = json.loads(text)
    if fields["measurement"] is not None:
        fields["measurement"] = Measurement.from_json(fields["measurement"])
    return JobResult(**fields)
