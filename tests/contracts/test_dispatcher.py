"""The dispatcher's contract, over every implementation. A new one is one line in `DISPATCHERS`."""

import itertools

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.base import Limits, ProfileJob, TaskJob
from device_agents.fleet.opening import open_dispatcher
from device_agents.fleet.simulating import SimulatingDispatcher
from device_agents.measurement import MeasurementStatus

DISPATCHERS = [pytest.param("inline"), pytest.param("simulating"), pytest.param("ray", marks=pytest.mark.ray)]
WAIT_S = 60.0


@pytest.fixture(scope="module", params=DISPATCHERS)
def opener(request):
    """Opens a dispatcher of each kind, over the fake agent unless told otherwise."""
    if request.param == "ray":
        request.getfixturevalue("suite_ray")

    def open_one(device_name="second", factory="fake_agent:FakeAgent"):
        kind = "inline" if request.param == "simulating" else request.param
        dispatcher = open_dispatcher(kind, device_name=device_name, train_slots=2, agent_factory=factory)
        return SimulatingDispatcher(dispatcher, []) if request.param == "simulating" else dispatcher

    return open_one


@pytest.fixture(scope="module")
def shared(opener):
    dispatcher = opener("local")
    yield dispatcher
    dispatcher.close()


@pytest.fixture
def opened(shared):
    """The module's dispatcher: whatever jobs a test gives it, it must still answer the next test."""
    import journal

    journal.clear()
    yield shared
    assert shared.pending() == 0


def profile(repeat=0, **limits):
    import fake_agent

    return ProfileJob(fake_agent.request(int(repeat)), Limits(**limits))


def task(name, limits=None, **payload):
    return TaskJob(name, "fake_task", payload, limits or Limits())


def collect(dispatcher):
    results = []
    while dispatcher.pending():
        result = dispatcher.next_result(WAIT_S)
        assert result is not None, "no result came in time"
        results.append(result)
    assert dispatcher.next_result(0.0) is None
    return results


def test_a_device_says_who_it_is(opened):
    (device,) = opened.devices()
    assert (device.name, device.identity, device.state) == ("local", "fake-device", "ready")


def test_an_idle_dispatcher_has_no_result(opened):
    assert opened.pending() == 0
    assert opened.next_result(0.0) is None


def test_every_job_is_answered_exactly_once_by_its_own_kind_of_answer(opened):
    jobs = [job for number in range(3) for job in (profile(number), task(f"t{number}", value=number))]
    for job in jobs:
        opened.submit(job)
    assert opened.pending() == len(jobs)
    results = {result.job_id: result for result in collect(opened)}
    assert sorted(results) == sorted(job.job_id for job in jobs)
    for number in range(3):
        assert results[f"t{number}"].result["answer"] == number
        assert results[f"t{number}"].measurement is None and results[f"t{number}"].failure is None
    for job in jobs[::2]:
        result = results[job.job_id]
        assert result.measurement.request_id == job.job_id
        assert result.result is None and result.failure is None
        assert result.wall_s > 0


def test_profiles_are_answered_in_the_order_of_submission(opened):
    jobs = [profile(number) for number in range(4)]
    for job in jobs:
        opened.submit(job)
    assert [result.job_id for result in collect(opened)] == [job.job_id for job in jobs]


def test_a_profile_runs_alone(opened):
    import journal

    for number in range(3):
        opened.submit(profile(number))
        opened.submit(task(f"t{number}", time_s=0.05))
    collect(opened)
    intervals = journal.read()
    assert len(intervals) == 6
    for one, other in itertools.combinations(intervals, 2):
        if "profile" in (one["kind"], other["kind"]):
            assert one["end_s"] <= other["start_s"] or other["end_s"] <= one["start_s"]


@pytest.mark.parametrize(
    ("payload", "limits", "words"),
    [
        ({"do": "raise"}, Limits(), "the fake task broke"),
        ({"do": "die"}, Limits(), "exit code 9"),
        ({"time_s": 3600}, Limits(time_s=0.3), "timed out"),
        ({"do": "allocate"}, Limits(memory_bytes=100_000_000), "out of memory"),
        ({"value": float("nan")}, Limits(), "JSON"),
        ({"value": object()}, Limits(), "JSON"),
    ],
)
def test_a_task_that_fails_is_a_result_with_its_reason_and_the_next_one_works(opened, payload, limits, words):
    opened.submit(task("bad", limits, **payload))
    opened.submit(task("good", value=1))
    results = {result.job_id: result for result in collect(opened)}
    assert words in results["bad"].failure and "\n" not in results["bad"].failure
    assert results["bad"].result is None and not results["bad"].lost
    assert results["good"].result["answer"] == 1


def test_an_entry_that_does_not_exist_is_a_failure_that_names_it(opened):
    opened.submit(TaskJob("t", "no_such_entry", {}))
    (result,) = collect(opened)
    assert "no_such_entry" in result.failure


def test_a_task_whose_warm_process_is_killed_is_lost_and_the_next_one_works(opened):
    opened.submit(task("bad", do="kill server"))
    opened.submit(task("good", value=1))
    results = {result.job_id: result for result in collect(opened)}
    assert results["bad"].lost and results["bad"].failure.startswith("lost")
    assert results["good"].result["answer"] == 1


def test_a_measurement_that_failed_is_still_a_measurement(opened):
    import fake_agent

    opened.submit(profile(fake_agent.Behaviour.FAIL))
    (result,) = collect(opened)
    assert result.failure is None
    assert result.measurement.status is MeasurementStatus.FAILED
    assert result.measurement.reason == "the fake candidate crashed"


def test_an_agent_that_raises_is_a_failure_and_the_next_profile_works(opened):
    import fake_agent

    opened.submit(profile(fake_agent.Behaviour.RAISE))
    opened.submit(profile(0))
    bad, good = collect(opened)
    assert "the fake agent broke" in bad.failure
    assert good.measurement.status is MeasurementStatus.OK


def test_an_unknown_device_is_refused_and_the_known_ones_are_named(opened):
    import fake_agent

    with pytest.raises(DeviceError, match=r"local \(fake-device\).*'elsewhere'"):
        opened.submit(ProfileJob(fake_agent.request(identity="elsewhere")))
    assert opened.pending() == 0


def test_close_forgets_the_queue_and_may_be_called_twice(opener):
    dispatcher = opener()
    dispatcher.submit(profile(0))
    dispatcher.close()
    dispatcher.close()
    assert dispatcher.pending() == 0
    assert dispatcher.next_result(0.0) is None
    assert dispatcher.devices() == ()
    with pytest.raises(DeviceError, match="closed"):
        dispatcher.submit(profile(0))


@pytest.mark.parametrize(
    ("factory", "words"), [("no_such_module:make", "no_such_module"), ("fake_agent:broken", "no device there")]
)
def test_an_agent_that_cannot_be_made_is_a_device_error_that_says_why(opener, factory, words):
    with pytest.raises(DeviceError, match=words) as caught:
        opener(factory=factory)
    assert "\n" not in str(caught.value)
