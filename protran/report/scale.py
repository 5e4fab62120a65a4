"""The unit in which a column or an axis is read best, and a value written with its standard error in it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

_LADDERS: dict[str, tuple[tuple[float, str], ...]] = {
    "s": ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")),
    "J": ((1e-6, "µJ"), (1e-3, "mJ"), (1.0, "J")),
    "W": ((1e-6, "µW"), (1e-3, "mW"), (1.0, "W")),
    "B": ((1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")),
    "%": ((1e-2, "%"),),
    "": ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")),
}
_SYMBOLS = {"s": "s", "j": "J", "w": "W", "b": "B", "bytes": "B", "%": "%"}


@dataclass(frozen=True)
class Scale:
    """A unit for reading: a value in SI units divided by `factor` is a number of `symbol`."""

    factor: float
    symbol: str

    def write(self, value: float | None, stderr: float | None = None) -> str:
        """Returns ``1.823 ± 0.031``: the error to two significant digits, the value to as many decimals as its error.

        Without an error, or with none to speak of, the value has four significant digits. `—` stands for no value.
        """
        if value is None:
            return "—"
        shown = value / self.factor
        if not stderr:
            return _significant(shown, 4)
        error = stderr / self.factor
        decimals = max(0, 1 - math.floor(math.log10(error)))
        return f"{shown:.{decimals}f} ± {error:.{decimals}f}"


def scale_for(values: Iterable[float | None], unit: str, *, share: bool = False) -> Scale:
    """Returns the unit that suits the median of `values`.

    Args:
        values: in the SI unit `unit`; None is passed over.
        unit: ``s``, ``J``, ``W``, ``B`` or ``bytes``, or anything else for a plain number.
        share: the values are parts of one, to be read in per cent.
    """
    ladder = _LADDERS["%" if share else _SYMBOLS.get(unit.lower(), "")]
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    typical = statistics.median(sizes) if sizes else ladder[-1][0] if len(ladder) == 1 else 0.0
    fitting = [step for step in ladder if step[0] <= typical]
    if fitting:
        return Scale(*fitting[-1])
    return Scale(*(ladder[0] if typical else _base(ladder)))


def _base(ladder: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    return next((step for step in ladder if step[0] == 1.0), ladder[0])


def _significant(number: float, digits: int) -> str:
    if number == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{min(decimals, 9)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
