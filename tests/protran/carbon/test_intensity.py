from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

import protran.carbon
from protran.carbon.intensity import TABLE, TABLE_SOURCE, country_intensity, own_intensity
from protran.errors import InputError

# Our World in Data's published chart "Carbon intensity of electricity generation", 2023, in whole g/kWh.
PUBLISHED = {
    "AUS": 549, "AUT": 111, "BEL": 138, "BGD": 691, "BGR": 335, "BOL": 532, "BRA": 98, "CAN": 170, "CHL": 291,
    "CHN": 582, "COL": 260, "CYP": 534, "CZE": 450, "DEU": 381, "DNK": 152, "EST": 417, "FIN": 79, "FRA": 56,
    "GRC": 337, "HRV": 205, "HUN": 204, "IND": 713, "IRL": 291,
}  # fmt: skip


@pytest.mark.parametrize(("country", "g_per_kwh"), PUBLISHED.items())
def test_the_table_has_the_published_figures(country: str, g_per_kwh: int) -> None:
    found = country_intensity(country)
    assert (round(found.g_per_kwh), found.year) == (g_per_kwh, 2023)


@pytest.mark.parametrize("spelling", ["DE", "de", "DEU", "Germany", " germany "])
def test_a_country_has_codes_and_a_name(spelling: str) -> None:
    found = country_intensity(spelling)
    assert (found.place, found.g_per_kwh, found.source) == ("Germany", 380.95, TABLE_SOURCE)


def test_every_row_is_usable_and_no_spelling_means_two_countries() -> None:
    with (Path(protran.carbon.__file__).parent / TABLE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    spellings = [row[name].casefold() for row in rows for name in ("alpha_2", "alpha_3", "country")]
    assert len(set(spellings)) == len(spellings) == 3 * 212
    assert all(0 < country_intensity(row["alpha_3"]).g_per_kwh < 1500 for row in rows)
    assert {row["country"] for row in rows if int(row["year"]) < 2021} == {"Western Sahara"}


def test_a_country_that_is_misspelt_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"got 'Germny'; did you mean 'Germany'\?"):
        country_intensity("Germny")


def test_a_country_that_is_not_there_says_what_else_to_do() -> None:
    with pytest.raises(InputError, match="or give grams per kilowatt-hour yourself"):
        country_intensity("XX")


def test_a_user_may_know_better() -> None:
    assert own_intensity(42.0).to_json() == {
        "g_per_kwh": 42.0,
        "place": "own value",
        "year": None,
        "source": "given by the user",
    }


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_an_intensity_that_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="at least 0 g/kWh"):
        own_intensity(value)
