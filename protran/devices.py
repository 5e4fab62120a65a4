"""What the names of devices stand for: this machine, or a simulated device."""

from __future__ import annotations

from collections.abc import Iterable

from device_agents.environment import device_identity
from device_agents.errors import DeviceError
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
    """Refuses names of devices that cannot be measured on.

    Raises:
        InputError: names the first of them.
    """
    for name in names:
        if check_device_name(name) != LOCAL and not is_simulated(name):
            raise InputError(
                f"device {name!r} is not known; this version measures on {LOCAL!r}, this machine, and simulates "
                f"devices such as sim:rpi4"
            )


def identity_of(name: str) -> str:
    """Returns the stable identity that measurements of the device of this name carry."""
    return simulated_device(name).identity if is_simulated(name) else device_identity()


def simulated_among(names: Iterable[str]) -> list[str]:
    """Returns those of `names` that are simulated devices."""
    return [name for name in names if is_simulated(name)]
