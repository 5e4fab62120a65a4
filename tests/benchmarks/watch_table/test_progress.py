"""How long the rest will take."""

import pytest

from benchmarks.watch_table.progress import tell, time_left_s


def test_what_is_left_takes_as_long_as_it_is_known_to_take_or_else_the_mean():
    assert time_left_s([0, 1, 5], {0: 10.0, 1: 20.0}) == pytest.approx(10 + 20 + 15)


def test_nothing_is_known_of_the_first():
    assert time_left_s([0, 1], {}) == 0


def test_a_line_tells_hours_and_minutes(capsys):
    tell(3, 10, "trainings", 7390)
    assert capsys.readouterr().err == "3/10 trainings, 2 h 03 min left\n"
