import re
import socket

import pytest
from fleet_parts import LOOPBACK

from device_agents.environment import boot_identity, device_identity
from device_agents.errors import DeviceError
from device_agents.fleet import applicant as applicant_module
from device_agents.fleet.applicant import Applicant, own_address
from device_agents.fleet.ports import device_ports
from device_agents.fleet.registry import Enrolled
from device_agents.fleet.software import own_software

PLENTY = {"memory_bytes": 10**10, "disk_bytes": 10**11}


@pytest.fixture
def applicant():
    return Applicant("rpi4", LOOPBACK, device_ports())


def test_an_applicant_tells_who_it_is_and_what_it_runs(applicant):
    told = Enrolled.from_json(applicant.to_json())
    assert (told.name, told.address, told.identity, told.boot) == ("rpi4", LOOPBACK, device_identity(), boot_identity())
    assert (told.software, told.agent) == (own_software(), {"kind": "local", "options": {}})


def test_a_proxy_applies_with_the_identity_of_what_is_measured():
    agent = {"kind": "ssh", "options": {"target": "pi@zero"}}
    told = Applicant("zero", LOOPBACK, device_ports(), agent, "board").to_json()
    assert (told["identity"], told["agent"]) == ("board", agent)


def test_a_name_that_cannot_be_is_refused():
    with pytest.raises(DeviceError, match="device name"):
        Applicant("a/b", LOOPBACK, device_ports())


def test_a_machine_that_has_all_lacks_nothing(applicant):
    assert applicant.shortages(**PLENTY) == []


@pytest.mark.parametrize(
    ("shortage", "words"),
    [
        ({"memory_bytes": 512 * 10**6}, r"expected 600 MB of free memory, got 512 MB; .*\(--ssh\)"),
        ({"disk_bytes": 10**8}, "expected 300 MB of free disk in /tmp, got 100 MB; free some"),
    ],
)
def test_what_a_machine_lacks_is_told_with_figures(applicant, shortage, words):
    (sentence,) = applicant.shortages(**{**PLENTY, **shortage})
    assert re.match(words, sentence)


def test_a_machine_that_does_not_tell_its_memory_is_given_a_try(applicant, monkeypatch):
    monkeypatch.setattr(applicant_module, "available_memory_bytes", lambda: None)
    assert applicant.shortages(disk_bytes=10**11) == []


def test_an_environment_without_ray_is_told(applicant, monkeypatch):
    monkeypatch.setattr(applicant_module.importlib.util, "find_spec", lambda name: None)
    (sentence,) = applicant.shortages(**PLENTY)
    assert "Ray is not installed" in sentence


def test_the_own_address_is_the_one_on_the_way_to_the_controller():
    assert own_address(LOOPBACK, 6377) == LOOPBACK


@pytest.mark.parametrize("host", ["a..b", "no-such-host.invalid"])
def test_a_controller_that_is_not_known_is_refused(host):
    with pytest.raises(DeviceError, match=f"no way to the controller {host}"):
        own_address(host, 6377)


def test_a_controller_to_which_no_way_leads_is_refused(monkeypatch):
    def unreachable(*_):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    with pytest.raises(DeviceError, match="Network is unreachable"):
        own_address("198.51.100.1", 6377)
