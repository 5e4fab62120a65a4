import json
import subprocess
import sys

import pytest

from device_agents.environment import device_identity
from device_agents.errors import RequestError
from device_agents.meters.spec import MeterSpec
from device_agents.runner import facts
from device_agents.throttling import Throttling


def test_the_machine_says_what_it_is():
    found = facts.handle({"facts": None})
    assert found["identity"] == device_identity()
    assert found["machine"]["cores"] >= 1
    assert found["sensors"]
    assert MeterSpec.from_json(found["meter"]).to_json() == found["meter"]
    json.dumps(found, allow_nan=False)


def test_the_machine_says_whether_it_is_throttled_and_what_runs_models_there(monkeypatch):
    throttling = Throttling(True, ("firmware says under-voltage",), 81.5)
    monkeypatch.setattr(facts, "read_throttling", lambda: throttling)
    monkeypatch.setattr(facts, "runtime_versions", lambda: {"torch": "2.13.0", "onnxruntime": None})
    found = facts.handle({"facts": None})
    assert found["throttling"] == throttling.to_json()
    assert found["runtimes"] == {"torch": "2.13.0", "onnxruntime": None}


def test_the_free_memory_is_told_alone(monkeypatch):
    monkeypatch.setattr(facts, "available_memory_bytes", lambda: 123)
    assert facts.handle({"memory": None}) == {"available_bytes": 123}


def test_another_question_is_refused():
    with pytest.raises(RequestError, match="expected facts or memory, got request"):
        facts.handle({"request": {}})


def test_it_needs_the_standard_library_alone():
    code = (
        "import device_agents.runner.facts, sys; print(sorted({'torch', 'numpy', 'ray', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
