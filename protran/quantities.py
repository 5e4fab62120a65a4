"""What can be said of a candidate in one number, and how users call it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from protran.errors import InputError
from protran.units import Unit


class Direction(str, Enum):
    """Which way is better."""

    MINIMISE = "minimise"
    MAXIMISE = "maximise"


class Quantity(str, Enum):
    """What can be said of a candidate in one number; the name carries the SI unit."""

    ERROR = "error"
    """1 - accuracy on the validation data."""
    PARAMETERS = "parameters"
    MEMORY_BYTES = "memory_bytes"
    """Weights and activations, counted."""
    LATENCY_S = "latency_s"
    ENERGY_J = "energy_j"
    PEAK_POWER_W = "peak_power_w"
    CORE_SECONDS = "core_seconds"
    TEST_ERROR = "test_error"
    """1 - accuracy on the test data: reported, never chosen by."""
    PEAK_RSS_BYTES = "peak_rss_bytes"
    """Resident memory that one process reached: information, never chosen by."""
    PEAK_CUDA_BYTES = "peak_cuda_bytes"
    """Memory of the GPU that tensors held at once, on devices whose models run there: information, never chosen by."""

    @property
    def unit(self) -> Unit:
        """The unit in which it is stored."""
        return _UNITS[self]

    @property
    def on_device(self) -> bool:
        """Whether its value depends on the device."""
        return self in _ON_DEVICE

    @property
    def selectable(self) -> bool:
        """Whether candidates may be chosen by it."""
        return self not in _REPORTED_ONLY

    @property
    def short_name(self) -> str:
        """The name that users write: ``latency`` for `latency_s`."""
        return _SHORT_NAMES.get(self, self.value)


_UNITS = {
    Quantity.ERROR: Unit.FRACTION,
    Quantity.PARAMETERS: Unit.COUNT,
    Quantity.MEMORY_BYTES: Unit.BYTE,
    Quantity.LATENCY_S: Unit.SECOND,
    Quantity.ENERGY_J: Unit.JOULE,
    Quantity.PEAK_POWER_W: Unit.WATT,
    Quantity.CORE_SECONDS: Unit.SECOND,
    Quantity.TEST_ERROR: Unit.FRACTION,
    Quantity.PEAK_RSS_BYTES: Unit.BYTE,
    Quantity.PEAK_CUDA_BYTES: Unit.BYTE,
}
_ON_DEVICE = frozenset(
    {
        Quantity.LATENCY_S,
        Quantity.ENERGY_J,
        Quantity.PEAK_POWER_W,
        Quantity.CORE_SECONDS,
        Quantity.PEAK_RSS_BYTES,
        Quantity.PEAK_CUDA_BYTES,
    }
)
_REPORTED_ONLY = frozenset({Quantity.TEST_ERROR, Quantity.PEAK_RSS_BYTES, Quantity.PEAK_CUDA_BYTES})
_SHORT_NAMES = {
    Quantity.MEMORY_BYTES: "memory",
    Quantity.LATENCY_S: "latency",
    Quantity.ENERGY_J: "energy",
    Quantity.PEAK_POWER_W: "peak-power",
    Quantity.CORE_SECONDS: "core-seconds",
}
_ALIASES = {
    **{quantity.value: quantity for quantity in Quantity},
    **{short: quantity for quantity, short in _SHORT_NAMES.items()},
    "power": Quantity.PEAK_POWER_W,
    "peak_power": Quantity.PEAK_POWER_W,
}


def parse_quantity(text: str) -> Quantity:
    """Returns the quantity that a user calls `text`: ``latency``, ``latency_s``, ``peak-power`` ….

    Raises:
        InputError: there is no such quantity, or candidates may not be chosen by it.
    """
    quantity = _ALIASES.get(text.strip().lower())
    if quantity is None or not quantity.selectable:
        known = ", ".join(item.short_name for item in Quantity if item.selectable)
        why = " (it is reported, never chosen by)" if quantity is not None else ""
        raise InputError(f"quantity must be one of {known}; got {text.strip()!r}{why}")
    return quantity


def value_name(quantity: Quantity, device: str | None) -> str:
    """Returns the name of a value: the quantity, and ``@DEVICE`` where a device is given and matters."""
    return f"{quantity.value}@{device}" if device is not None and quantity.on_device else quantity.value


def split_device(text: str) -> tuple[str, str | None]:
    """Returns the word before ``@`` and the device behind it, or None where there is no ``@``."""
    word, at, device = text.strip().partition("@")
    if at and not device.strip():
        raise InputError(f"expected the name of a device behind @, got {text.strip()!r}")
    return word.strip(), device.strip() if at else None


def devices_of(quantity: Quantity, device: str | None, devices: Sequence[str], what: str) -> tuple[str | None, ...]:
    """Returns the devices that `quantity` is about: ``(None,)`` where it depends on none, all where none is named.

    Args:
        quantity: what is asked for.
        device: the device that the user named, if any.
        devices: the devices of the campaign.
        what: what the user wrote, for the message.
    """
    if not quantity.on_device:
        if device is not None:
            raise InputError(f"{what}: {quantity.short_name} depends on no device; write it without @{device}")
        return (None,)
    if device is None:
        return tuple(devices)
    if device not in devices:
        raise InputError(f"{what}: device must be one of {', '.join(devices)}; got {device!r}")
    return (device,)


def unit_of_value(name: str) -> str:
    """Returns the SI unit of the value of this name, with or without ``@DEVICE``; ``count`` for an unknown one."""
    try:
        return Quantity(name.partition("@")[0]).unit.value
    except ValueError:
        return Unit.COUNT.value
