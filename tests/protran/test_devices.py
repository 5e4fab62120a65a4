from __future__ import annotations

from pathlib import Path

import pytest

from device_agents.environment import device_identity
from device_agents.fleet.folder import FOLDER_VARIABLE, REGISTRY
from device_agents.fleet.registry import Enrolled, Registry
from protran.devices import check_device_name, check_known, fleet_among, identity_of, simulated_among
from protran.errors import InputError


@pytest.mark.parametrize("name", ["local", "jetson", "sim:rpi4"])
def test_plain_names_and_those_of_simulated_devices_are_names(name: str) -> None:
    assert check_device_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [("a:b", "a device's name must be"), ("", "a device's name must be"), ("sim:xyz", "must be one of sim:rpi4")],
)
def test_other_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_device_name(name)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry of this machine's fleet."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    registry = Registry(tmp_path / REGISTRY)
    registry.put(Enrolled("rpi4", "identity-of-rpi4", "10.0.0.2", admitted=True))
    registry.put(Enrolled("nano", "identity-of-nano", "10.0.0.3", reason="the clock is behind"))
    return registry


def test_this_machine_its_fleet_and_simulated_devices_can_be_measured_on(fleet: Registry) -> None:
    check_known(["local", "sim:a100", "rpi4"])
    assert identity_of("rpi4") == "identity-of-rpi4"
    assert fleet_among(["local", "sim:a100", "rpi4"]) == ["rpi4"]


def test_an_unknown_device_is_refused_with_those_that_there_are(fleet: Registry) -> None:
    with pytest.raises(InputError, match=r"device 'pi' is not known; .*'local'.*rpi4, nano.*sim:rpi4"):
        check_known(["local", "pi"])


def test_a_device_that_did_not_pass_its_self_test_is_refused_with_the_reason(fleet: Registry) -> None:
    with pytest.raises(InputError, match=r"'nano' is not ready: the clock is behind; see `protran device doctor nano`"):
        check_known(["nano"])


def test_one_device_under_two_names_is_refused(fleet: Registry) -> None:
    fleet.put(Enrolled("me", device_identity(), "127.0.0.1", admitted=True))
    with pytest.raises(InputError, match="'local' and 'me' are the same device"):
        check_known(["local", "me"])


def test_simulated_devices_are_found_among_others() -> None:
    assert simulated_among(["sim:rpi4", "local", "sim:a100"]) == ["sim:rpi4", "sim:a100"]
