import subprocess
import sys
from importlib import metadata

from device_agents.device_facts import facts_of_this_machine, runtime_versions


def test_the_facts_hold_the_machine_its_sensors_its_heat_and_its_runtimes():
    facts = facts_of_this_machine()
    assert facts["cores"] >= 1
    assert all(sensor["state"] for sensor in facts["sensors"])
    assert set(facts["throttling"]) == {"throttled", "reasons", "temperature_celsius"}
    assert facts["runtimes"]["torch"] == metadata.version("torch")


def test_a_runtime_that_is_not_installed_has_no_version(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert runtime_versions() == {"torch": None, "onnxruntime": None}


def test_no_runtime_is_imported_to_learn_its_version():
    code = (
        "import sys; from device_agents.device_facts import facts_of_this_machine; facts_of_this_machine(); "
        "print(sorted({'torch', 'onnxruntime', 'numpy', 'ray'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
