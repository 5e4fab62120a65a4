from __future__ import annotations

from typing import Any

from protran.cli.profile_remarks import flags_of, set_aside, why_none_counts


def answer(status: str = "ok", reason: str = "", *flags: str) -> dict[str, Any]:
    return {"status": status, "reason": reason, "flags": list(flags)}


def test_flags_are_those_of_measurements_that_count() -> None:
    found = [answer("ok", "", "b"), answer("ok", "", "a", "b"), answer("rejected", "hot", "throttled")]
    assert flags_of(found) == ["a", "b"]


def test_measurements_that_do_not_count_are_told_by_reason() -> None:
    hot, crashed = answer("rejected", "hot"), answer("failed", "it crashed")
    assert set_aside([answer()]) == []
    assert set_aside([hot]) == ["rejected: hot"]
    assert set_aside([hot, answer(), crashed, hot]) == [
        "2 of 4 measurements rejected: hot",
        "1 of 4 measurements failed: it crashed",
    ]


def test_the_last_reason_says_why_none_counts() -> None:
    assert why_none_counts([answer("rejected", "hot")]) == "rejected: hot"
    assert why_none_counts([answer("rejected", "hot"), answer("failed", "it crashed")]) == "it crashed"
