import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.addresses import check_bind, host_and_port, is_private


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.5", "10.0.0.1", "172.16.3.4", "100.64.1.2", "169.254.1.1"])
def test_private_addresses_need_no_tls(address):
    assert check_bind(address, tls=False) == address


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1"])
def test_a_public_address_needs_tls(address):
    with pytest.raises(DeviceError, match=r"public address.*--tls"):
        check_bind(address, tls=False)
    assert check_bind(address, tls=True) == address
    assert not is_private(address)


@pytest.mark.parametrize("address", ["", "localhost", "::1", "192.168.1", "192.168.1.5:6377", "127.0.0.1 ", "-x"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(DeviceError, match="expected an IPv4 address"):
        check_bind(address, tls=True)


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "127.0.0.2"])
def test_an_address_that_no_device_could_use_is_refused(address):
    with pytest.raises(DeviceError, match="that devices reach"):
        check_bind(address, tls=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.5", ("192.168.1.5", 6377)),
        ("192.168.1.5:7000", ("192.168.1.5", 7000)),
        ("pi.local:1", ("pi.local", 1)),
        ("pi.local:65535", ("pi.local", 65535)),
    ],
)
def test_a_place_is_a_host_with_or_without_a_port(text, expected):
    assert host_and_port(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ":", ":7000", "host:", "host:0", "host:65536", "host:-1", "host:x", "host:²", "-oProxy:1", "::1", "a:b:1"],
)
def test_what_is_no_place_is_refused_with_an_example(text):
    with pytest.raises(DeviceError, match=r"HOST:PORT, such as 192\.168\.1\.5:6377"):
        host_and_port(text)
