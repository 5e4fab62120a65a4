import json
from pathlib import Path

import pytest

from device_agents.fleet import ray_nodes
from device_agents.fleet.folder import write_privately
from device_agents.fleet.ports import ControllerPorts, device_ports
from device_agents.fleet.ray_nodes import start_device_node, start_head
from device_agents.fleet.ray_settings import device_environment

SECRET = "s" * 32


@pytest.fixture
def started(monkeypatch):
    """What would have been started."""
    seen = {}

    def start(command, environment, log, folder):
        seen.update(command=command, environment=dict(environment), log=log, folder=folder)
        return seen

    monkeypatch.setattr(ray_nodes, "ChildProcess", start)
    monkeypatch.setenv("OF_THE_USER", "x")
    return seen


def head(tmp_path, address="127.0.0.1"):
    write_privately(tmp_path / "token", SECRET)
    start_head(tmp_path, address, ControllerPorts(7000), Path("/tmp/r"), None)


def node(address="127.0.0.1"):
    start_device_node(
        "rpi4", "10.0.0.1:6378", address, device_ports(7100), Path("/tmp/r"), device_environment(Path("/t"))
    )


def value(command, option):
    return next(word.partition("=")[2] for word in command if word.startswith(f"{option}="))


def test_the_head_has_pinned_ports_no_dashboard_and_its_state_in_the_fleets_folder(started, tmp_path):
    head(tmp_path)
    assert {"--head", "--port=7001", "--node-manager-port=7002", "--include-dashboard=false"} <= set(started["command"])
    assert started["environment"]["RAY_gcs_storage_path"] == str(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_no_secret_is_in_an_argument_or_a_variable(started, tmp_path):
    head(tmp_path)
    assert SECRET not in " ".join(started["command"]) + " ".join(started["environment"].values())
    assert started["environment"]["RAY_AUTH_TOKEN_PATH"] == str(tmp_path / "token")


def test_the_head_offers_the_controller_and_its_own_device(started, tmp_path):
    head(tmp_path)
    assert json.loads(value(started["command"], "--resources")) == {"controller": 1, "device:local": 1}


@pytest.mark.parametrize(
    ("address", "setting"),
    [("127.0.0.1", "0"), ("10.0.0.1", None)],
)
def test_only_a_head_on_the_loopback_keeps_to_this_machine(started, tmp_path, monkeypatch, address, setting):
    monkeypatch.delenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", raising=False)
    head(tmp_path, address)
    assert started["command"][2] == "device_agents.fleet.ray_program"
    assert started["environment"].get("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER") == setting


def test_a_node_joins_under_its_name_with_one_turn_for_its_device(started):
    node()
    command = started["command"]
    assert {"--address=10.0.0.1:6378", "--node-name=rpi4", "--labels=protran/device=rpi4"} <= set(command)
    assert json.loads(value(command, "--resources")) == {"device:rpi4": 1}


def test_a_node_on_the_loopback_may_join(started, monkeypatch):
    monkeypatch.delenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", raising=False)
    node()
    assert started["command"][2] == "device_agents.fleet.ray_program"
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in started["environment"]


def test_nodes_keep_the_users_environment(started):
    node()
    assert started["environment"]["OF_THE_USER"] == "x"
    assert started["environment"]["RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL"] == "minor"


def test_a_node_counts_no_accelerators_and_keeps_its_logs_in_its_folder(started):
    node()
    assert {"--num-gpus=0", "--temp-dir=/tmp/r/r", "--disable-usage-stats"} <= set(started["command"])
    assert (started["log"], started["folder"]) == (Path("/tmp/r/node.log"), Path("/tmp/r"))
