"""Units that users read and write; inside, every number is in SI units.

Factors are exact fractions and a written number is read as a decimal, so that `20ms` is the float nearest to 0.020.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from fractions import Fraction

from protran.errors import InputError


class Unit(str, Enum):
    """The unit in which a quantity is stored, reported in JSON and compared."""

    SECOND = "s"
    JOULE = "J"
    WATT = "W"
    BYTE = "B"
    GRAM = "g"
    FRACTION = "fraction"
    """A part of one, between 0 and 1; written for people in per cent."""
    COUNT = "count"

    @property
    def symbols(self) -> Mapping[str, Fraction]:
        """What may stand behind a number, smallest first, and its exact value in this unit."""
        return _SYMBOLS[self]


_KILO = 1000
_SYMBOLS: Mapping[Unit, Mapping[str, Fraction]] = {
    Unit.SECOND: {
        "ns": Fraction(1, _KILO**3),
        "us": Fraction(1, _KILO**2),
        "ms": Fraction(1, _KILO),
        "s": Fraction(1),
    },
    Unit.JOULE: {"uJ": Fraction(1, _KILO**2), "mJ": Fraction(1, _KILO), "J": Fraction(1)},
    Unit.WATT: {"uW": Fraction(1, _KILO**2), "mW": Fraction(1, _KILO), "W": Fraction(1)},
    Unit.BYTE: {
        "B": Fraction(1),
        "kB": Fraction(_KILO),
        "KiB": Fraction(1024),
        "MB": Fraction(_KILO**2),
        "MiB": Fraction(1024**2),
        "GB": Fraction(_KILO**3),
        "GiB": Fraction(1024**3),
    },
    Unit.GRAM: {
        "ng": Fraction(1, _KILO**3),
        "ug": Fraction(1, _KILO**2),
        "mg": Fraction(1, _KILO),
        "g": Fraction(1),
        "kg": Fraction(_KILO),
    },
    Unit.FRACTION: {"%": Fraction(1, 100), "": Fraction(1)},
    Unit.COUNT: {"": Fraction(1), "k": Fraction(_KILO), "M": Fraction(_KILO**2), "G": Fraction(_KILO**3)},
}
_SHOWN: Mapping[Unit, tuple[str, ...]] = {
    **{unit: tuple(symbols) for unit, symbols in _SYMBOLS.items()},
    Unit.BYTE: ("B", "kB", "MB", "GB"),
    Unit.FRACTION: ("%",),
}
_WRITTEN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*)", re.DOTALL)
_MICRO_SIGNS = str.maketrans({"\u00b5": "u", "\u03bc": "u"})  # the micro sign, and the Greek letter that looks like it


def parse_value(text: str, unit: Unit, *, quantity: str, bare: bool = False) -> float:
    """Returns the value of `text`, for example ``20ms``, in SI units.

    Args:
        text: a decimal number and a symbol of `unit`, with or without a space between them.
        unit: the unit of the result.
        quantity: what is written, for the message.
        bare: a number without a symbol is in SI units already; without this, it is refused where symbols are needed.

    Raises:
        InputError: the number or the symbol is not known.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{quantity} must be a number and a unit, for example {_example(unit)}; got {text.strip()!r}")
    number, symbol = match.group(1), match.group(2).strip().translate(_MICRO_SIGNS)
    symbols = unit.symbols
    if not symbol and bare:
        return _to_float(Fraction(number), text, quantity)
    if symbol not in symbols:
        known = ", ".join(name or "none" for name in symbols)
        raise InputError(
            f"unit of {quantity} must be one of {known}; got {symbol!r}"
            if symbol
            else f"unit of {quantity} must be one of {known}; got none"
        )
    return _to_float(Fraction(number) * symbols[symbol], text, quantity)


def format_value(value: float | None, unit: Unit | str, *, digits: int = 3) -> str:
    """Returns `value` for people: `digits` significant digits in the symbol that suits its size, ``2.31 ms``.

    A value that does not exist (None, NaN) is ``-``.
    """
    if value is None or math.isnan(value):
        return "-"
    unit = Unit(unit)
    symbol = suitable_symbol(float(f"{value:.{digits}g}"), unit)  # 999.9 us is to become 1 ms, not 1000 us
    return _join(_significant(_scaled(value, unit, symbol), digits), symbol)


def format_with_error(value: float | None, stderr: float | None, unit: Unit | str) -> str:
    """Returns `value` with its standard error in the same unit, ``2.31 ± 0.04 ms``; the error to two digits."""
    if value is None or math.isnan(value) or not stderr:
        return format_value(value, unit, digits=4)
    unit = Unit(unit)
    symbol = suitable_symbol(value, unit)
    error = _scaled(stderr, unit, symbol)
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return _join(f"{_scaled(value, unit, symbol):.{decimals}f} ± {error:.{decimals}f}", symbol)


def suitable_symbol(value: float, unit: Unit) -> str:
    """Returns the largest symbol in which `value` is at least 1, or the smallest there is; the SI unit for 0."""
    shown = _SHOWN[unit]
    if value == 0:
        return next((symbol for symbol in shown if unit.symbols[symbol] == 1), shown[0])
    fitting = [symbol for symbol in shown if abs(value) >= float(unit.symbols[symbol])]
    return fitting[-1] if fitting else shown[0]


def _scaled(value: float, unit: Unit, symbol: str) -> float:
    if not math.isfinite(value):
        return value
    return float(Fraction(value) / unit.symbols[symbol])


def _significant(number: float, digits: int) -> str:
    """Returns `number` in plain decimals: no exponent, no zeros that say nothing."""
    if not math.isfinite(number):
        return str(number)
    rounded = float(f"{number:.{digits}g}")
    magnitude = math.floor(math.log10(abs(rounded))) if rounded else 0
    text = f"{rounded:.{max(0, digits - 1 - magnitude)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _join(number: str, symbol: str) -> str:
    return f"{number} {symbol}" if symbol else number


def _example(unit: Unit) -> str:
    return {"s": "20ms", "J": "5mJ", "W": "2W", "B": "64kB", "fraction": "20%"}.get(unit.value, "20000")


def _to_float(number: Fraction, text: str, quantity: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise InputError(f"{quantity} is out of range: {text.strip()!r}") from None
