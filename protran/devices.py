"""What the names of devices stand for: this machine, one of its fleet, or a simulated device."""

from __future__ import annotations

from collections.abc import Iterable

from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.fleet.registry import Enrolled, enrolled_devices
from device_agents.simulated_devices import is_simulated, simulated_device
from protran.errors import InputError
from protran.names import check_name

LOCAL = "local"


def check_device_name(name: str) -> str:
    """Returns `name` if it can be a device's: a plain name, or that of a simulated device.

    Raises:
        InputError: it is neither; the message says what there is.
    """
    if not is_simulated(name):
        return check_name(name, "a device's name")
    try:
        simulated_device(name)
    except DeviceError as error:
        raise InputError(str(error)) from None
    return name


def check_known(names: Iterable[str]) -> None:
    """Refuses names of devices that cannot be measured on, and two names of one device.

    Raises:
        InputError: names the first of them.
    """
    seen: dict[str, str] = {}
    for name in names:
        identity = identity_of(check_device_name(name))
        if identity in seen:
            raise InputError(f"{seen[identity]!r} and {name!r} are the same device; name it once")
        seen[identity] = name


def identity_of(name: str) -> str:
    """Returns the stable identity that measurements of the device of this name carry.

    Raises:
        InputError: it is not known here, or not ready.
    """
    if is_simulated(name):
        return simulated_device(name).identity
    return device_identity() if name == LOCAL else fleet_device(name).identity


def fleet_device(name: str) -> Enrolled:
    """Returns a device that has joined this machine's fleet.

    Raises:
        InputError: there is none of this name, or it did not pass its self-test.
    """
    try:
        known = enrolled_devices()
    except DeviceError as error:
        raise InputError(str(error)) from None
    if name not in known:
        fleet = ", ".join(known) or "none yet"
        raise InputError(
            f"device {name!r} is not known; there are {LOCAL!r}, this machine, those of its fleet ({fleet}; `protran "
            f"fleet start` says how one joins), and simulated ones such as sim:rpi4"
        )
    if not known[name].admitted:
        reason = known[name].reason or "its self-test has not ended"
        raise InputError(f"device {name!r} is not ready: {reason}; see `protran device doctor {name}`")
    return known[name]


def fleet_among(names: Iterable[str]) -> list[str]:
    """Returns those of `names` that are devices of the fleet."""
    return [name for name in names if name != LOCAL and not is_simulated(name)]


def simulated_among(names: Iterable[str]) -> list[str]:
    """Returns those of `names` that are simulated devices."""
    return [name for name in names if is_simulated(name)]
