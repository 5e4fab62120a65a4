"""Which devices belong to a fleet."""

from __future__ import annotations

from collections.abc import Iterable

from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError


def require_device(identity: str, devices: Iterable[DeviceInfo]) -> None:
    """Raises `DeviceError` unless one of `devices` has this identity; the message names those that there are."""
    known = {device.identity: device.name for device in devices}
    if identity not in known:
        names = ", ".join(f"{name} ({key})" for key, name in known.items()) or "no device at all"
        raise DeviceError(f"expected a device of this fleet, which has {names}; got {identity!r}")
