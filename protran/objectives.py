"""Objectives: what a campaign makes small. Budgets, quantities and units can be had from here too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from protran.budgets import Budget, budgets_for
from protran.errors import InputError
from protran.quantities import Direction, Quantity, devices_of, parse_quantity, split_device, value_name
from protran.units import Unit, format_value, format_with_error, parse_value

__all__ = [
    "Budget",
    "Direction",
    "Objective",
    "Quantity",
    "Unit",
    "budgets_for",
    "format_value",
    "format_with_error",
    "objectives_for",
    "parse_quantity",
    "parse_value",
    "value_name",
]


@dataclass(frozen=True)
class Objective:
    """A quantity to make small (or large), on one device where it depends on the device.

    Attributes:
        quantity: what.
        device: the name of the device; None for a quantity that depends on none.
        unit: the SI unit of `quantity`; may be left out.
        direction: which way is better.
        qualified: there are several devices, so that the name must say which one.
    """

    quantity: Quantity
    device: str | None = None
    unit: str = ""
    direction: Direction = Direction.MINIMISE
    qualified: bool = False

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "quantity", Quantity(self.quantity))
            object.__setattr__(self, "direction", Direction(self.direction))
        except ValueError as error:
            raise InputError(f"objective: {error}") from None
        expected = self.quantity.unit.value
        if self.unit not in ("", expected):
            raise InputError(f"objective {self.quantity.value}: unit must be {expected}, got {self.unit!r}")
        object.__setattr__(self, "unit", expected)
        if self.device is not None and not self.quantity.on_device:
            raise InputError(f"objective {self.quantity.value}: it depends on no device, got {self.device!r}")

    @property
    def name(self) -> str:
        """``latency_s``, or ``latency_s@DEVICE`` where there are several devices."""
        return value_name(self.quantity, self.device if self.qualified else None)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"name", "device", "unit", "direction"}``."""
        return {"name": self.name, "device": self.device, "unit": self.unit, "direction": self.direction.value}


def objectives_for(names: Iterable[str], devices: Sequence[str]) -> tuple[Objective, ...]:
    """Returns the objectives that a user named, for these devices.

    A device quantity without ``@DEVICE`` stands for one objective on each device.

    Args:
        names: for example ``error``, ``latency`` or ``energy@jetson``.
        devices: the names of the campaign's devices.

    Raises:
        InputError: an unknown quantity or device, a repeated objective, or none at all.
    """
    found: list[Objective] = []
    for text in names:
        word, device = split_device(text)
        try:
            quantity = parse_quantity(word)
        except InputError as error:
            raise InputError(f"objective {text!r}: {error}") from None
        qualified = len(devices) > 1 and quantity.on_device
        for owner in devices_of(quantity, device, devices, f"objective {text!r}"):
            found.append(Objective(quantity, owner, qualified=qualified))
    if not found:
        raise InputError("expected at least one objective, for example error,latency; got none")
    seen: set[str] = set()
    for objective in found:
        if objective.name in seen:
            raise InputError(f"objective {objective.name!r} is given twice")
        seen.add(objective.name)
    return tuple(found)
