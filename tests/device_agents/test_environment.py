import json

import pytest

from device_agents.environment import available_memory_bytes, device_identity, machine_facts, processor_model


@pytest.fixture
def root(tmp_path):
    files = {
        "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "etc/os-release": 'NAME=X\nPRETTY_NAME="Example Linux 9"\n',
        "proc/cpuinfo": "processor\t: 0\nmodel name\t: Example CPU @ 1 GHz\nprocessor\t: 1\nmodel name\t: Other\n",
        "proc/meminfo": "MemTotal:        8000000 kB\nMemAvailable:    5000000 kB\nHugePages_Total:       0\n",
        "proc/loadavg": "1.50 1.00 0.50 1/100 200\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_facts_come_from_the_machines_files(root):
    facts = machine_facts(root)
    assert facts.processor == "Example CPU @ 1 GHz"
    assert facts.memory_bytes == 8000000 * 1024
    assert facts.operating_system == "Example Linux 9"
    assert facts.governor == "powersave"
    assert facts.load == 1.5
    assert facts.cores >= 1
    assert facts.torch is not None


def test_facts_that_are_missing_are_absent_and_no_error(tmp_path):
    facts = machine_facts(tmp_path)
    assert facts.memory_bytes is facts.governor is facts.load is None
    assert facts.processor
    assert facts.operating_system


def test_facts_are_json(root):
    facts = machine_facts(root).to_json()
    assert json.loads(json.dumps(facts)) == facts


def test_free_memory_is_what_a_new_process_can_have(root):
    assert available_memory_bytes(root) == 5000000 * 1024


def test_a_board_without_a_model_name_is_known_by_its_device_tree(tmp_path):
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(b"Example Board Rev 1\0")
    assert processor_model(tmp_path) == "Example Board Rev 1"


def test_the_identity_is_the_same_every_time_and_hides_the_machine_id(root):
    assert device_identity(root) == device_identity(root)
    assert "0123456789" not in device_identity(root)


def test_the_identity_differs_between_machines_processors_and_what_executes(root):
    identities = {device_identity(root), device_identity(root, executes="gpu")}
    (root / "proc/cpuinfo").write_text("model name : Another CPU\n")
    identities.add(device_identity(root))
    (root / "etc/machine-id").write_text("fedcba9876543210fedcba9876543210\n")
    identities.add(device_identity(root))
    assert len(identities) == 4


def test_load_and_memory_do_not_change_the_identity(root):
    before = device_identity(root)
    (root / "proc/meminfo").write_text("MemTotal: 1 kB\n")
    (root / "proc/loadavg").write_text("9.0 9.0 9.0 1/1 1\n")
    assert device_identity(root) == before


def test_a_container_without_a_machine_id_still_has_an_identity(root):
    (root / "etc/machine-id").write_text("")
    assert len(device_identity(root)) == 16
