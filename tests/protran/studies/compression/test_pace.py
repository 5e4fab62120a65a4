"""Time left by what pieces were expected to take."""

from __future__ import annotations

from protran.studies.compression.pace import CostPace
from protran.studies.progress import StudyStep


def test_time_left_goes_by_the_expected_length_of_the_pieces() -> None:
    times, seen = iter([0.0, 20.0, 60.0]), []
    pace = CostPace([10.0, 20.0, 5.0], 3, seen.append, clock=lambda: next(times))
    pace.finished("long", 10.0)
    pace.finished("longer", 20.0)
    assert seen == [StudyStep(4, 6, "long", 50.0), StudyStep(5, 6, "longer", 10.0)]


def test_nobody_need_be_told() -> None:
    CostPace([1.0], 0, None).finished("a piece", 1.0)
