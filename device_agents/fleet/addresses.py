"""Addresses that a controller may listen on, and places that a device may join."""

from __future__ import annotations

import ipaddress

from device_agents.errors import DeviceError
from device_agents.fleet.ports import CONTROLLER_PORT

LOOPBACK = "127.0.0.1"
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598; overlay networks give such addresses


def check_bind(address: str, *, tls: bool) -> str:
    """Returns an address that a controller may listen on.

    Raises:
        DeviceError: it is no IPv4 address, is none that devices could reach, or is public and there is no TLS.
    """
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError as error:
        raise DeviceError(f"expected an IPv4 address of this machine, such as 192.168.1.5, got {address!r}") from error
    if found.is_unspecified or found.is_multicast:
        raise DeviceError(f"expected the one address that devices reach, got {address}; see `ip address`")
    if found.is_loopback and address != LOOPBACK:
        raise DeviceError(f"expected {LOOPBACK} or an address that devices reach, got {address}")
    if not tls and not is_private(address):
        raise DeviceError(
            f"{address} is a public address, and without TLS everybody on the way can read the fleet's token and run "
            f"programs here; pass --tls FOLDER, or use a private network or a VPN"
        )
    return address


def is_private(address: str) -> bool:
    """Tells whether an IPv4 address belongs to a private network. Source: RFC 1918, RFC 3927, RFC 6598."""
    found = ipaddress.IPv4Address(address)
    return found.is_private or found in _SHARED


def host_and_port(text: str) -> tuple[str, int]:
    """Returns the host and the port of ``HOST`` or ``HOST:PORT``.

    Raises:
        DeviceError: it is neither.
    """
    host, colon, port = text.rpartition(":") if ":" in text else (text, "", "")
    number = int(port) if port.isascii() and port.isdigit() else (CONTROLLER_PORT if not colon else 0)
    if not host or ":" in host or host.startswith("-") or not 1 <= number <= 65535:
        raise DeviceError(f"expected the controller as HOST:PORT, such as 192.168.1.5:{CONTROLLER_PORT}, got {text!r}")
    return host, number
