from __future__ import annotations

from pathlib import Path

import pytest

from protran.carbon.schedule import HOURS
from protran.cli.carbon_options import low_hours, named_grid
from protran.errors import InputError


def test_no_option_names_no_grid_and_no_hours() -> None:
    assert named_grid(None, None, None) is None
    assert low_hours(None, None, None) is None


def test_a_grid_is_a_country_or_an_own_figure() -> None:
    country, own = named_grid("DE", None, 1.3), named_grid(None, 0.0, None)
    assert country is not None
    assert (country.intensity.place, country.pue) == ("Germany", 1.3)
    assert own is not None
    assert (own.intensity.g_per_kwh, own.pue) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("DE", 30.0, None), "got both; leave one out"),
        ((None, None, 1.2), "--pue needs a grid"),
        (("Atlantis", None, None), "'Atlantis'"),
        (("", None, None), "country must be a code"),
        ((None, -1.0, None), "at least 0 g/kWh, got -1"),
        (("DE", None, 0.5), "PUE"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(options: tuple[str | None, float | None, float | None], words: str) -> None:
    with pytest.raises(InputError) as refused:
        named_grid(*options)
    assert words in str(refused.value)


def test_eight_hours_of_a_file_are_low_unless_another_number_is_given(tmp_path: Path) -> None:
    path = tmp_path / "grid.csv"
    path.write_text("hour,g_per_kwh\n" + "".join(f"{hour},{hour}\n" for hour in range(HOURS)), encoding="utf-8")
    usual, asked = low_hours(path, None, None), low_hours(path, 3, "Asia/Tokyo")
    assert usual is not None
    assert (usual.count, usual.zone) == (8, None)
    assert asked is not None
    assert (asked.count, str(asked.zone)) == (3, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("hours", "zone", "words"), [(0, None, "--carbon-hours needs"), (None, "Asia/Tokyo", "--carbon-zone needs")]
)
def test_hours_and_a_zone_without_a_file_are_refused(hours: int | None, zone: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        low_hours(None, hours, zone)
