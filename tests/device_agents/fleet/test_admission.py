import json
from types import SimpleNamespace

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet import admission, fleet_view
from device_agents.fleet.admission import admit, main
from device_agents.fleet.registry import Enrolled, Registry
from device_agents.reference import ReferenceLatency

FACTS = {"cores": 4}


def reference(latency_s):
    return ReferenceLatency(latency_s, 1e-5, 0.95, contended=False).to_json()


def answer(*latencies_s):
    return {"references": [reference(latency_s) for latency_s in latencies_s], "info": {"facts": FACTS}}


class GetTimeoutError(Exception):
    pass


class RayError(Exception):
    pass


class RayActorError(RayError):
    pass


class FakeRay:
    """One node and its actor, whose methods return what they would in time, or raise."""

    exceptions = SimpleNamespace(GetTimeoutError=GetTimeoutError, RayError=RayError, RayActorError=RayActorError)

    def __init__(self):
        self.alive = True
        self.answers = {"state": json.dumps({"boot": "b"}), "self_test": json.dumps(answer(0.01, 0.01, 0.01))}
        self.state = SimpleNamespace(remote=lambda: "state")
        self.self_test = SimpleNamespace(remote=lambda runs: "self_test")
        self.asked = []

    def nodes(self):
        return [
            {"Alive": self.alive, "Resources": {"device:rpi4": 1.0, "CPU": 4.0}, "NodeName": "rpi4", "NodeID": "n1"}
        ]

    def get(self, question, timeout):
        self.asked.append(question)
        found = self.answers[question]
        found = found.pop(0) if isinstance(found, list) else found
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def ray(tmp_path, monkeypatch):
    fake = FakeRay()
    fake.closed = 0
    Registry(tmp_path / "devices.json").put(Enrolled("rpi4", "one", "x"))

    def close():
        fake.closed += 1

    monkeypatch.setattr(admission, "fleet_place", lambda folder: folder)
    monkeypatch.setattr(admission, "FleetSession", lambda place: SimpleNamespace(ray=fake, close=close))
    monkeypatch.setattr(admission, "device_actor", lambda ray, device: fake)
    monkeypatch.setattr(admission, "NODE_S", 0.0)
    monkeypatch.setattr(admission, "PAUSE_S", 0.0)
    return fake


def test_a_known_device_gives_a_sign_of_life_only(ray, tmp_path):
    assert admit(tmp_path, "rpi4", full=False) == {"boot": "b"}
    assert (ray.asked, ray.closed) == (["state"], 1)


def test_a_new_device_measures_the_reference_too(ray, tmp_path):
    found = admit(tmp_path, "rpi4", full=True)
    assert (found["boot"], found["facts"], found["reference"]["latency_s"]) == ("b", FACTS, 0.01)


def test_a_node_that_does_not_appear_is_a_reason(ray, tmp_path):
    ray.alive = False
    assert "the node of rpi4 did not appear" in admit(tmp_path, "rpi4", full=True)["reason"]


def test_a_node_that_goes_while_its_agent_is_asked_did_not_appear(ray, tmp_path, monkeypatch):
    monkeypatch.setattr(fleet_view, "REFRESH_S", -1.0)  # of real calls, which take 20 s to time out

    def gone(question, timeout):
        ray.alive = False
        raise GetTimeoutError

    ray.get = gone
    assert "the node of rpi4 did not appear" in admit(tmp_path, "rpi4", full=False)["reason"]


@pytest.mark.parametrize(
    ("error", "words"),
    [(GetTimeoutError(), "does not answer in time"), (RayError("broken"), "the agent on rpi4 fails")],
)
@pytest.mark.parametrize("question", ["state", "self_test"])
def test_an_agent_that_fails_or_hangs_is_a_reason_and_the_session_is_closed(ray, tmp_path, error, words, question):
    ray.answers[question] = error
    assert words in admit(tmp_path, "rpi4", full=True)["reason"]
    assert ray.closed == 1


def test_the_first_self_tests_median_becomes_the_devices_reference():
    found = admission.tested(answer(0.0098, 0.01, 0.0102), None)
    assert found["reference"] == reference(0.01)
    assert found["self_test"]["relative_spread"] == pytest.approx(0.02)
    assert (found["self_test"]["drift"], found["self_test"]["remark"]) == (0.0, "")


def test_a_later_self_test_keeps_the_reference_and_tells_the_drift():
    found = admission.tested(answer(0.012, 0.012, 0.012), reference(0.01))
    assert found["reference"] == reference(0.01)
    assert found["self_test"]["drift"] == pytest.approx(0.2)
    assert "takes 120% of what it took at enrolment" in found["self_test"]["remark"]


def test_runs_that_differ_are_remarked():
    assert (
        "the reference model's runs differ by"
        in admission.tested(answer(0.01, 0.012, 0.016), None)["self_test"]["remark"]
    )


def test_the_entry_prints_one_object(ray, tmp_path, capsys):
    assert main([str(tmp_path), "rpi4"]) == 0
    assert json.loads(capsys.readouterr().out) == {"boot": "b"}


def test_a_fleet_that_cannot_be_reached_is_a_reason(tmp_path, ray, monkeypatch, capsys):
    def unreachable(place):
        raise DeviceError("the controller does not answer")

    monkeypatch.setattr(admission, "FleetSession", unreachable)
    assert main([str(tmp_path), "rpi4", "--full"]) == 0
    assert json.loads(capsys.readouterr().out) == {"reason": "the controller does not answer"}
