"""The time that is left of a study."""

from __future__ import annotations

from protran.studies.progress import Pace, StudyStep


def test_the_rest_takes_as_long_as_what_this_process_did():
    times = iter([100.0, 110.0, 130.0])
    seen: list[StudyStep] = []
    pace = Pace(10, 4, seen.append, clock=lambda: next(times))
    pace.finished("t1, repeat 0")
    pace.finished("t1, repeat 1")
    assert seen == [StudyStep(5, 10, "t1, repeat 0", 50.0), StudyStep(6, 10, "t1, repeat 1", 60.0)]


def test_nobody_need_be_told():
    Pace(1, 0, None).finished("t1")
