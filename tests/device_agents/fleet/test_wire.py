import pytest

from device_agents.fleet.base import JobResult, Limits, ProfileJob, TaskJob
from device_agents.fleet.wire import job_result, job_text, profile_job, result_text, task_job
from device_agents.measurement import Measurement, MeasurementStatus


def test_a_profile_job_survives_the_way():
    import fake_agent

    job = ProfileJob(fake_agent.request(3), Limits(2.5, 10**9), False, True, "demo")
    assert profile_job(job_text(job)) == job


def test_a_task_job_survives_the_way():
    job = TaskJob("t", "entry", {"a": [1, 2.5, None, "ü"]}, Limits())
    assert task_job(job_text(job)) == job


@pytest.mark.parametrize(
    "result",
    [
        JobResult("a", Measurement("a", "device", MeasurementStatus.FAILED, reason="why"), wall_s=0.5),
        JobResult("b", result={"accuracy": 0.5}),
        JobResult("c", failure="timed out"),
        JobResult("d", failure="lost: its worker died", lost=True),
    ],
)
def test_a_result_survives_the_way(result):
    assert job_result(result_text(result)) == result
