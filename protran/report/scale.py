"""The unit in which a whole column or axis is read best, and a value written with its standard error in it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from protran.units import Unit, suitable_symbol


@dataclass(frozen=True)
class Scale:
    """A unit for reading: a value in SI units divided by `factor` is a number of `symbol`."""

    factor: float
    symbol: str

    def write(self, value: float | None, stderr: float | None = None) -> str:
        """Returns ``1.823 ± 0.031``: the error to two significant digits, the value to as many decimals as its error.

        Without an error, or with none to speak of, the value has four significant digits. `-` stands for no value.
        """
        if value is None or not math.isfinite(value):
            return "-"
        shown = value / self.factor
        if not stderr or not math.isfinite(stderr):
            return _significant(shown, 4)
        error = stderr / self.factor
        decimals = max(0, 1 - math.floor(math.log10(error)))
        return f"{shown:.{decimals}f} ± {error:.{decimals}f}"


def scale_for(values: Iterable[float | None], unit: Unit | str) -> Scale:
    """Returns the unit that suits the median of `values` (in the SI unit `unit`; None is passed over)."""
    unit = Unit(unit)
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    symbol = suitable_symbol(statistics.median(sizes) if sizes else 0.0, unit)
    return Scale(float(unit.symbols[symbol]), symbol)


def _significant(number: float, digits: int) -> str:
    if number == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{min(decimals, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
