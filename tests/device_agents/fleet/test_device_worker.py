import json
import threading

import fake_agent
import pytest

from device_agents.agent import Agent
from device_agents.environment import boot_identity
from device_agents.errors import DeviceError
from device_agents.fleet import device_worker
from device_agents.fleet.base import ProfileJob
from device_agents.fleet.device_worker import FleetDeviceWorker
from device_agents.fleet.wire import job_result, job_text
from device_agents.reference import ReferenceLatency


class Runner:
    """Answers calibrations with these latencies, one after the other."""

    def __init__(self, latencies_s):
        self.latencies_s = list(latencies_s)

    def call(self, payload, limits=None):
        return reference(self.latencies_s.pop(0)).to_json()

    def close(self):
        pass


def reference(latency_s):
    return ReferenceLatency(latency_s, 1e-5, 0.95, contended=False)


def worker(factory="fake_agent:FakeAgent"):
    return FleetDeviceWorker(factory, "rpi4", "{}")


def calibrating(*latencies_s, known=None):
    made = worker()
    made._made = Agent("rpi4", runner=Runner(latencies_s), identity="one", facts=lambda: {"cores": 4}, reference=known)
    return made


def profile(made, repeat=0, asker="demo"):
    return job_result(made.run(job_text(ProfileJob(fake_agent.request(repeat), asker=asker))))


@pytest.fixture
def profiled(monkeypatch):
    """The requests that the fake agent was asked."""
    asked = []
    real = fake_agent.FakeAgent.profile

    def profile_noted(self, request, limits, **options):
        asked.append(request.repeat)
        return real(self, request, limits, **options)

    monkeypatch.setattr(fake_agent.FakeAgent, "profile", profile_noted)
    return asked


def test_an_idle_worker_tells_its_start_of_the_machine_and_that_nothing_runs():
    state = json.loads(worker().state())
    assert (state["boot"], state["running"], state["waiting"]) == (boot_identity(), None, 0)


def test_the_same_request_is_answered_again_without_measuring_again(profiled):
    made = worker()
    assert profile(made) == profile(made)
    assert profiled == [0]


def test_another_asker_and_nobody_in_particular_get_a_measurement_of_their_own(profiled):
    made = worker()
    for asker in ("demo", "other", "", ""):
        profile(made, asker=asker)
    assert profiled == [0, 0, 0, 0]


def test_a_failed_measurement_is_an_answer_too(profiled):
    made = worker()
    profile(made, fake_agent.Behaviour.FAIL)
    assert "crashed" in profile(made, fake_agent.Behaviour.FAIL).measurement.reason
    assert len(profiled) == 1


def test_an_agent_that_broke_is_asked_again(profiled):
    made = worker()
    for _ in range(2):
        assert profile(made, fake_agent.Behaviour.RAISE).measurement is None
    assert len(profiled) == 2


def test_only_the_last_answers_are_remembered(profiled, monkeypatch):
    monkeypatch.setattr(device_worker, "REMEMBERED", 2)
    made = worker()
    for repeat in (0, 1, 2, 2, 0):
        profile(made, repeat)
    assert profiled == [0, 1, 2, 0]


def test_one_candidate_is_profiled_at_a_time_and_the_others_count_as_waiting(monkeypatch):
    inside, goes_on, states = threading.Event(), threading.Event(), []

    def slow(self, request, limits, **_):
        states.append(json.loads(made.state()))
        inside.set()
        goes_on.wait(30)
        raise RuntimeError

    monkeypatch.setattr(fake_agent.FakeAgent, "profile", slow)
    made = worker()
    threads = [threading.Thread(target=profile, args=(made, repeat)) for repeat in (0, 1)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    while json.loads(made.state())["waiting"] != 1:
        pass
    assert len(states) == 1 and states[0]["running"] is not None
    goes_on.set()
    for thread in threads:
        thread.join()
    assert json.loads(made.state())["running"] is None


def test_the_state_is_written_where_the_joiner_reads_it(monkeypatch, tmp_path):
    path = tmp_path / "state.json"
    monkeypatch.setenv(device_worker.STATE_VARIABLE, str(path))
    seen = []
    monkeypatch.setattr(
        fake_agent.FakeAgent, "profile", lambda self, request, *_, **__: seen.append(json.loads(path.read_text()))
    )
    made = worker()
    profile(made)
    assert seen == [{"running": ProfileJob(fake_agent.request()).job_id, "waiting": 0}]
    assert json.loads(path.read_text()) == {"running": None, "waiting": 0}


def test_a_state_that_cannot_be_written_costs_no_profile(monkeypatch, tmp_path):
    monkeypatch.setenv(device_worker.STATE_VARIABLE, str(tmp_path / "absent" / "state.json"))
    assert profile(worker()).measurement is not None


def test_a_self_test_measures_the_reference_and_tells_of_the_device():
    answer = json.loads(calibrating(0.03, 0.01, 0.02).self_test(3))
    assert [run["latency_s"] for run in answer["references"]] == [0.01, 0.02, 0.03]
    assert (answer["info"]["name"], answer["info"]["facts"]["cores"]) == ("rpi4", 4)


def test_after_the_first_self_test_seconds_lean_on_its_median():
    made = calibrating(0.03, 0.01, 0.02)
    made.self_test(3)
    assert made._made.reference == reference(0.02)


def test_a_later_self_test_does_not_change_the_scale_of_seconds():
    made = calibrating(0.03, 0.01, 0.02, known=reference(0.5))
    made.self_test(3)
    assert made._made.reference == reference(0.5)


def test_an_agent_that_cannot_calibrate_is_refused():
    with pytest.raises(DeviceError, match="expected an agent that calibrates, got FakeAgent"):
        worker().self_test(3)


def test_an_agent_that_does_not_start_is_told():
    with pytest.raises(DeviceError, match=r"does not start: .*no device there"):
        worker("fake_agent:broken").info()


def test_the_agent_tells_of_its_device():
    assert json.loads(worker().info())["name"] == "rpi4"
