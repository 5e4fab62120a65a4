from __future__ import annotations

from typing import Any

from device_agents.errors import DeviceError
from protran.serve.fleet_state import FRESH_S, FleetState

DEVICE = {
    "name": "pi",
    "state": "busy",
    "silent_s": 1.0,
    "reason": "",
    "self_test": {"remark": "slow"},
    "health": {"load": 0.5, "throttled": False, "running": "job", "waiting": 2},
    "address": "192.168.1.9",
    "identity": "secret identity",
}


class Asked:
    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.now_s = 0.0

    def __call__(self) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_devices_are_told_without_what_opens_doors() -> None:
    facts = {"devices": [DEVICE], "tls": "/etc/keys", "gate_port": 6400}
    found = FleetState(Asked(facts), lambda: 0.0).to_json()
    assert found == {
        "running": True,
        "reason": "",
        "devices": [
            {
                "name": "pi",
                "state": "busy",
                "silent_s": 1.0,
                "load": 0.5,
                "throttled": False,
                "queue": 3,
                "reason": "slow",
            }
        ],
    }


def test_a_controller_that_does_not_run_is_a_reason_and_no_failure() -> None:
    found = FleetState(Asked(DeviceError("the controller does not run")), lambda: 0.0).to_json()
    assert (found["running"], found["devices"]) == (False, [])
    assert found["reason"] == "The controller does not run."


def test_the_controller_is_asked_at_most_every_few_seconds() -> None:
    asked = Asked({"devices": []}, {"devices": [DEVICE]})
    state = FleetState(asked, lambda: asked.now_s)
    assert state.to_json()["devices"] == []
    asked.now_s = FRESH_S
    assert state.to_json()["devices"] == []
    asked.now_s = FRESH_S + 0.1
    assert len(state.to_json()["devices"]) == 1
