"""What holds for the inline dispatcher alone; the contract of all dispatchers is in tests/contracts."""

import pytest

from device_agents.fleet.base import Limits, ProfileJob, TaskJob
from device_agents.fleet.inline import InlineDispatcher
from device_agents.fleet.opening import open_dispatcher
from device_agents.measurement import MeasurementStatus
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec


def test_jobs_run_in_the_order_of_submission_whatever_their_kind():
    from fake_agent import FakeAgent, request

    dispatcher = InlineDispatcher({"local": FakeAgent("local")})
    jobs = [ProfileJob(request(0)), TaskJob("t", "fake_task", {}), ProfileJob(request(1))]
    for job in jobs:
        dispatcher.submit(job)
    assert [dispatcher.next_result(0.0).job_id for _ in jobs] == [job.job_id for job in jobs]
    dispatcher.close()


@pytest.mark.slow
def test_the_agent_of_this_machine_measures_through_a_dispatcher():
    from device_agents.measurement import ProfileRequest

    dispatcher = open_dispatcher("inline")
    try:
        (device,) = dispatcher.devices()
        candidate = Candidate(Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,), (32,)),)))
        input_spec = InputSpec(InputKind.WINDOWS, length=40, classes=3, channels=3, patch=5)
        dispatcher.submit(ProfileJob(ProfileRequest(candidate, input_spec, Workload(), device.identity), Limits(120.0)))
        result = dispatcher.next_result(0.0)
    finally:
        dispatcher.close()
    assert result.failure is None
    assert result.measurement.status is MeasurementStatus.OK, result.measurement.reason
    assert result.measurement.values["latency_s"].value > 0
