from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.carbon.schedule import Schedule, lowest_hours, read_schedule, wait_until_low
from protran.errors import InputError

SUNNY = Schedule(tuple(100.0 if 10 <= hour < 16 else 300.0 + hour for hour in range(24)))
INTENSITIES = st.lists(st.floats(0, 1000), min_size=24, max_size=24).map(tuple)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "grid.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_in_any_order_of_its_hours(tmp_path: Path) -> None:
    rows = [f"{hour},{SUNNY.g_per_kwh[hour]}" for hour in reversed(range(24))]
    assert read_schedule(written(tmp_path, "\n".join(["hour,g_per_kwh", *rows]))) == SUNNY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hour,grams\n0,1\n", "g_per_kwh is missing"),
        ("hour,g_per_kwh\n0,1\n0,2\n", ":3: expected each hour once, got 0 again"),
        ("hour,g_per_kwh\n24,1\n", ":2: expected an hour from 0 to 23, got 24"),
        ("hour,g_per_kwh\n0,much\n", ":2: expected a whole hour and grams per kWh, got '0', 'much'"),
        ("hour,g_per_kwh\n0\n", ":2: expected a whole hour and grams per kWh"),
        ("hour,g_per_kwh\n0,1\n2,1\n", "from 0 to 23, 1 is missing"),
        ("hour,g_per_kwh\n" + "".join(f"{hour},-1\n" for hour in range(24)), "at least 0 g/kWh, got -1"),
    ],
)
def test_a_file_that_is_no_schedule_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_schedule(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a CSV file of hours"):
        read_schedule(tmp_path / "none.csv")


def test_a_schedule_of_half_a_day_is_refused() -> None:
    with pytest.raises(InputError, match="24 hours, got 12"):
        Schedule((1.0,) * 12)


@given(INTENSITIES, st.integers(1, 4))
def test_no_other_choice_of_as_many_hours_is_lower(intensities: tuple[float, ...], count: int) -> None:
    found = lowest_hours(Schedule(intensities), count)
    assert len(set(found)) == count
    assert list(found) == sorted(found)
    assert sorted(intensities[hour] for hour in found) == sorted(intensities)[:count]


def test_of_equal_hours_the_earlier_is_taken() -> None:
    assert lowest_hours(SUNNY, 2) == (10, 11)


@pytest.mark.parametrize("count", [0, 25])
def test_a_number_of_hours_that_no_day_has_is_refused(count: int) -> None:
    with pytest.raises(InputError, match="between 1 and 24"):
        lowest_hours(SUNNY, count)


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [("10:00:00", 0), ("15:59:59", 0), ("09:30:00", 1800), ("16:00:00", 18 * 3600), ("23:59:59.5", 10 * 3600 + 0.5)],
)
def test_one_waits_until_the_next_low_hour_begins(clock: str, seconds: float) -> None:
    now = datetime.fromisoformat(f"2026-11-24T{clock}")
    assert wait_until_low(SUNNY, now, 6) == pytest.approx(seconds)


@given(INTENSITIES, st.integers(1, 24), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_after_the_wait_it_is_a_low_hour(intensities: tuple[float, ...], count: int, now: datetime) -> None:
    schedule = Schedule(intensities)
    wait_s = wait_until_low(schedule, now, count)
    then = now + timedelta(seconds=wait_s) + timedelta(microseconds=1 if wait_s else 0)  # a float second is not exact
    assert 0 <= wait_s < 24 * 3600
    assert then.hour in lowest_hours(schedule, count)
