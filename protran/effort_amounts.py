"""Effort as users write it: a preset, and amounts that replace numbers of it: ``quick,20 min,60 evaluations``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_AMOUNT = re.compile(r"([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*([a-z0-9]+)", re.IGNORECASE)
_MINUTES = {"s": 1 / 60, "min": 1.0, "minute": 1.0, "minutes": 1.0, "h": 60.0, "hour": 60.0, "hours": 60.0}
_GRAMS = {"gco2e": 1.0, "kgco2e": 1000.0}
_EVALUATIONS = ("evaluation", "evaluations")
FORM = "a preset (demo, quick, standard), an amount such as '60 evaluations', '20 min' or '50 gCO2e', or several"


def read_effort(text: str) -> Mapping[str, Any]:
    """Returns the fields of an `Effort` that a text names: words and amounts, between commas.

    ``evaluations`` are trainings at low fidelity: what scores one more candidate. They replace the rounds of the search
    too, so that the number is reached.

    Raises:
        ValueError: one sentence that says what was expected and what came.
    """
    fields: dict[str, Any] = {}
    for part in (item.strip() for item in text.split(",")):
        for name, value in _fields(part, text).items():
            if name in fields:
                raise ValueError(f"expected each kind of effort once, got two in {text!r}; leave one out")
            fields[name] = value
    return fields


def _fields(part: str, text: str) -> Mapping[str, Any]:
    amount = _AMOUNT.fullmatch(part)
    if amount is None:
        if not part:
            raise ValueError(f"expected {FORM}, with commas between, got {text!r}")
        return {"preset": part.lower()}
    number, unit = float(amount.group(1)), amount.group(2).lower()
    if unit in _MINUTES:
        return {"minutes": number * _MINUTES[unit]}
    if unit in _GRAMS:
        return {"co2e_g": number * _GRAMS[unit]}
    if unit in _EVALUATIONS and number.is_integer() and number >= 1:
        return {"low_fidelity_trainings": int(number)}
    raise ValueError(f"expected {FORM}, got {part!r}")
