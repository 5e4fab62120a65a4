from __future__ import annotations

from benchmarks import front_speed


def test_a_row_tells_points_work_members_and_seconds() -> None:
    rows = front_speed.rows_of(60)
    assert len(rows) == 8
    found = {(points, what): on_front for points, what, _, on_front, _ in rows}
    assert found["sphere", "plain dominance"] == 60
    assert found["even", "whole front, plain"] == found["even", "plain dominance"]
    assert found["even", "dominance with 95 %"] >= found["even", "plain dominance"]
    assert all(seconds >= 0 for *_, seconds in rows)
