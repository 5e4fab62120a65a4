"""Budgets: hard limits, as users write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from protran.errors import InputError
from protran.quantities import Quantity, devices_of, parse_quantity, split_device, value_name
from protran.units import Unit, format_value, parse_value

_BUDGET = re.compile(r"\s*([^<>=≤≥]+?)\s*(<=|>=|≤|≥)\s*([^<>=≤≥]*?)\s*")
_ACCURACY = "accuracy"


@dataclass(frozen=True)
class Budget:
    """A hard limit: a candidate keeps it where its value is known and at most `limit`.

    Attributes:
        quantity: what is limited.
        limit: the largest value that is allowed, in SI units.
        device: where; None for a quantity that depends on no device, or for every device of the campaign.
        text: what the user wrote.
        qualified: there are several devices, so that the name must say which one.
    """

    quantity: Quantity
    limit: float
    device: str | None = None
    text: str = ""
    qualified: bool = False

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Returns the budget that a user wrote: ``latency<=20ms``, ``energy@jetson <= 5 mJ``, ``accuracy>=80%``.

        Raises:
            InputError: one sentence that says what was expected and what came.
        """
        try:
            return cls._parse(text)
        except InputError as error:
            raise InputError(f"budget {text!r}: {error}") from None

    @classmethod
    def _parse(cls, text: str) -> Budget:
        match = _BUDGET.fullmatch(text)
        if match is None:
            raise InputError("expected QUANTITY<=LIMIT, for example latency<=20ms or accuracy>=80%")
        word, device = split_device(match.group(1))
        upper = match.group(2) in ("<=", "≤")
        accuracy = word.lower() == _ACCURACY
        if accuracy == upper:
            wanted, other = (">=", "at least") if accuracy else ("<=", "at most")
            raise InputError(f"{word} can only be limited to {other} a value: write {word}{wanted}…")
        quantity = Quantity.ERROR if accuracy else parse_quantity(word)
        if device is not None and not quantity.on_device:
            raise InputError(f"{word} depends on no device; write it without @{device}")
        bare = word.lower() == quantity.value and quantity.value != quantity.short_name
        limit = parse_value(match.group(3), quantity.unit, quantity=word, bare=bare)
        _check_range(limit, quantity, word, match.group(3))
        # 1 - 0.8 is 0.19999999999999996: rounding gives back the decimal that was meant.
        return cls(quantity, round(1 - limit, 12) if accuracy else limit, device, text.strip())

    @property
    def name(self) -> str:
        """The name of the value that is limited, as in `Objective.name`."""
        return value_name(self.quantity, self.device if self.qualified else None)

    def met_by(self, value: float | None) -> bool:
        """Whether `value` keeps the limit; a value that is not known does not."""
        return value is not None and value <= self.limit

    def excess(self, value: float | None) -> float:
        """By how much `value` breaks the limit, as a part of the limit: 0 where it is met, infinite if unknown."""
        if value is None or math.isnan(value):
            return math.inf
        if value <= self.limit:
            return 0.0
        return (value - self.limit) / self.limit if self.limit > 0 else math.inf

    def describe(self) -> str:
        """Returns the budget for people, ``latency<=20 ms``."""
        where = f"@{self.device}" if self.device is not None else ""
        return f"{self.quantity.short_name}{where}<={format_value(self.limit, self.quantity.unit, digits=6)}"

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"name", "device", "limit", "unit", "text"}``; the limit in the SI unit."""
        return {
            "name": self.name,
            "device": self.device,
            "limit": self.limit,
            "unit": self.quantity.unit.value,
            "text": self.text or self.describe(),
        }


def budgets_for(texts: Iterable[str | Budget], devices: Sequence[str]) -> tuple[Budget, ...]:
    """Returns the budgets that a user wrote, for these devices; one without ``@DEVICE`` holds on each of them.

    Raises:
        InputError: a budget cannot be read, or its device is none of the campaign's.
    """
    found: list[Budget] = []
    for item in texts:
        budget = Budget.parse(item) if isinstance(item, str) else item
        qualified = len(devices) > 1 and budget.quantity.on_device
        for owner in devices_of(budget.quantity, budget.device, devices, f"budget {budget.text!r}"):
            found.append(Budget(budget.quantity, budget.limit, owner, budget.text, qualified))
    return tuple(found)


def _check_range(limit: float, quantity: Quantity, word: str, text: str) -> None:
    if quantity.unit is Unit.FRACTION:
        if not 0 <= limit <= 1:
            raise InputError(f"{word} must be between 0 % and 100 % (or between 0 and 1), got {text!r}")
    elif limit <= 0:
        raise InputError(f"{word} must be more than 0, got {text!r}")
