import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.base import ProfileJob, TaskJob
from device_agents.fleet.opening import open_dispatcher
from device_agents.measurement import ProfileRequest, Provenance
from device_agents.simulated_devices import DEVICES
from device_agents.workload import Workload


def opened(*devices):
    return open_dispatcher("inline", devices, agent_factory="fake_agent:FakeAgent")


@pytest.fixture
def both():
    """A dispatcher of the fake device and of two simulated ones."""
    dispatcher = opened("local", "sim:rpi4", "sim:a100")
    yield dispatcher
    dispatcher.close()


def profile(name, repeat=0):
    import fake_agent

    fake = fake_agent.request()
    return ProfileJob(
        ProfileRequest(fake.candidate, fake.input_spec, Workload(), DEVICES[name].identity, repeat=repeat)
    )


def collect(dispatcher):
    results = []
    while dispatcher.pending():
        results.append(dispatcher.next_result(60.0))
    return {result.job_id: result for result in results}


def test_simulated_devices_are_part_of_the_fleet(both):
    assert [device.name for device in both.devices()] == ["local", "sim:rpi4", "sim:a100"]


def test_a_machine_that_only_trains_is_not_part_of_it():
    dispatcher = opened("sim:rpi4")
    assert [device.name for device in dispatcher.devices()] == ["sim:rpi4"]
    dispatcher.close()


def test_every_job_is_answered_once_by_its_own_device(both):
    import fake_agent

    jobs = [profile("rpi4"), TaskJob("t", "fake_task", {"value": 1}), ProfileJob(fake_agent.request()), profile("a100")]
    for job in jobs:
        both.submit(job)
    assert both.pending() == 4
    results = collect(both)
    assert sorted(results) == sorted(job.job_id for job in jobs)
    assert results["t"].result["answer"] == 1
    for job in (jobs[0], jobs[3]):
        measurement = results[job.job_id].measurement
        assert measurement.device_identity == job.request.device_identity
        assert measurement.values["latency_s"].provenance is Provenance.SIMULATED
    assert results[jobs[2].job_id].measurement.device_identity == "fake-device"


def test_an_idle_dispatcher_has_no_result(both):
    assert both.pending() == 0
    assert both.next_result(0.0) is None


def test_a_simulated_device_that_was_not_asked_for_is_refused(both):
    with pytest.raises(DeviceError, match="sim:rpi5"):
        both.submit(profile("rpi5"))


def test_close_forgets_the_queue_and_may_be_called_twice():
    dispatcher = opened("sim:rpi4")
    dispatcher.submit(profile("rpi4"))
    dispatcher.close()
    dispatcher.close()
    assert dispatcher.pending() == 0
    assert dispatcher.next_result(0.0) is None
    assert dispatcher.devices() == ()
    with pytest.raises(DeviceError, match="closed"):
        dispatcher.submit(profile("rpi4"))


def test_an_unknown_simulated_device_is_refused_before_anything_starts():
    with pytest.raises(DeviceError, match=r"must be one of sim:rpi4.*got 'sim:xyz'"):
        open_dispatcher("inline", ["local", "sim:xyz"], agent_factory="fake_agent:broken")
