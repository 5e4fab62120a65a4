"""Names of devices: they become parts of Ray's resources, of labels and of paths."""

from __future__ import annotations

import re

from device_agents.errors import DeviceError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,61}[A-Za-z0-9_]|[A-Za-z0-9_]")
TAKEN = ("local",)


def check_device_name(name: str) -> str:
    """Returns a name that a device of a fleet can have.

    Raises:
        DeviceError: it holds other characters, is too long, or means something else already.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise DeviceError(
            f"expected a device name of 1 to 63 letters, digits, dots, dashes or underscores that begins and ends with "
            f"a letter, a digit or an underscore, got {name!r}"
        )
    if name in TAKEN:
        raise DeviceError(f"{name!r} is the controller's own machine; choose another name for a device")
    return name
