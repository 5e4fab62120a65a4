"""How much CO2e a kilowatt-hour of a grid stands for: a table of countries, or the user's own figure."""

from __future__ import annotations

import csv
import difflib
import math
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

from protran.errors import InputError

TABLE = "country_intensity.csv"
TABLE_SOURCE = "Our World in Data, from Ember and Energy Institute (CC BY 4.0), as carried by codecarbon 3.3.2"


@dataclass(frozen=True)
class Intensity:
    """Carbon intensity of electricity.

    Attributes:
        g_per_kwh: grams of CO2e per kilowatt-hour, over the life cycle of the plants.
        place: the grid: a country, or `own value`.
        year: the year that the figure is a mean of; None for a user's own.
        source: where it comes from.
    """

    g_per_kwh: float
    place: str
    year: int | None
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.g_per_kwh < math.inf:
            raise InputError(f"carbon intensity must be finite and at least 0 g/kWh, got {self.g_per_kwh:g}")

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"g_per_kwh", "place", "year", "source"}``."""
        return asdict(self)


def own_intensity(g_per_kwh: float) -> Intensity:
    """Returns the intensity that a user gives.

    Raises:
        InputError: it is negative or not finite.
    """
    return Intensity(g_per_kwh, place="own value", year=None, source="given by the user")


def country_intensity(country: str) -> Intensity:
    """Returns the yearly mean of a country, by its two or three letters (ISO 3166-1) or its English name.

    Source: `TABLE_SOURCE`; the file beside this one holds its figures unchanged.

    Raises:
        InputError: the table has no such country.
    """
    wanted = country.strip().casefold()
    rows = _rows()
    for row in rows:
        if wanted in (row["alpha_2"].casefold(), row["alpha_3"].casefold(), row["country"].casefold()):
            return Intensity(float(row["g_per_kwh"]), row["country"], int(row["year"]), TABLE_SOURCE)
    names = {row["country"].casefold(): row["country"] for row in rows}
    near = difflib.get_close_matches(wanted, names, n=1)
    hint = f"; did you mean {names[near[0]]!r}?" if near else ", or give grams per kilowatt-hour yourself"
    raise InputError(f"country must be a code such as DE or DEU, or an English name; got {country.strip()!r}{hint}")


def _rows() -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
