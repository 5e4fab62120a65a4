import pytest

from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError, RequestError


def test_the_token_is_not_shown(order):
    assert order().token not in repr(order())


@pytest.mark.parametrize("name", ["", "../x", "-x", "a b", "local"])
def test_a_name_that_no_device_can_have_is_refused(order, name):
    with pytest.raises(DeviceError):
        order(name=name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controller": "10.0.0.1"}, "HOST:PORT"),
        ({"controller": "-x:1"}, "HOST:PORT"),
        ({"controller": "10.0.0.1:99999"}, "HOST:PORT"),
        ({"token": "short"}, "token"),
        ({"token": "0123456789abcdef\n0123456789abcdef"}, "token"),
        ({"address": "board; reboot"}, "--address"),
        ({"runner_python": "python3"}, "--runner-python"),
        ({"runner_python": "/usr/bin/python3 -c x"}, "--runner-python"),
        ({"torch_index": "http://index/simple"}, "--torch-index"),
        ({"torch_index": "https://index/$(x)"}, "--torch-index"),
        ({"tls": "~/tls"}, "--tls"),
    ],
)
def test_a_value_that_could_do_harm_is_refused(order, changes, message):
    with pytest.raises(RequestError, match=message):
        order(**changes)


def test_a_fleet_on_the_loopback_cannot_have_devices_elsewhere(order):
    with pytest.raises(RequestError, match="--bind IP"):
        order(controller="127.0.0.1:6377")
    assert order(controller="127.0.0.1:6377", target=SshTarget("pi", "127.0.0.1")).controller_address[0] == "127.0.0.1"


def test_an_ipv6_controller_stands_in_brackets(order):
    assert order(controller="[fd00::1]:6377").controller_address == ("fd00::1", 6377)
