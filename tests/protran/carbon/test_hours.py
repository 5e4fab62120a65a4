from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from protran.carbon.hours import LowHours, read_low_hours
from protran.carbon.schedule import Schedule
from protran.errors import InputError

SUNNY = Schedule(tuple(100.0 if 10 <= hour < 16 else 300.0 for hour in range(24)))
TOKYO = timezone(timedelta(hours=9))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "grid.csv"
    rows = [f"{hour},{intensity}" for hour, intensity in enumerate(SUNNY.g_per_kwh)]
    path.write_text("\n".join(["hour,g_per_kwh", *rows]), encoding="utf-8")
    return path


def test_hours_are_those_of_the_zone_of_the_schedule() -> None:
    hours = LowHours(SUNNY, 6, TOKYO)
    assert hours.wait_s(datetime(2026, 11, 26, 0, 30, tzinfo=UTC)) == 1800
    assert hours.wait_s(datetime(2026, 11, 26, 1, 0, tzinfo=UTC)) == 0


def test_without_a_zone_hours_are_those_of_the_machine() -> None:
    noon = datetime(2026, 11, 26, 12, 0).astimezone()  # the machine's own noon
    assert LowHours(SUNNY, 6).wait_s(noon.astimezone(UTC)) == 0
    assert LowHours(SUNNY, 6).wait_s(noon.astimezone(UTC) - timedelta(hours=3)) == 3600


def test_a_file_is_read_with_its_hours_and_its_zone(file: Path) -> None:
    assert read_low_hours(file) == LowHours(SUNNY, 8, None)
    assert read_low_hours(file, 6, "Europe/Berlin") == LowHours(SUNNY, 6, ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlim", "did you mean Europe/Berlin?"),
        ("../../etc/passwd", "such as Europe/Berlin, got '../../etc/passwd'"),
        ("Europe", "time zone must be a name"),
        ("", "leave it out for this machine's own"),
    ],
)
def test_a_zone_that_is_not_known_is_refused(file: Path, zone: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_low_hours(file, 6, zone)
    assert words in str(refused.value)


@pytest.mark.parametrize("count", [0, 25])
def test_a_number_of_hours_that_no_day_has_is_refused(file: Path, count: int) -> None:
    with pytest.raises(InputError, match="between 1 and 24"):
        read_low_hours(file, count)
