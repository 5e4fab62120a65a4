from __future__ import annotations

import math

import pytest

from benchmarks.budget_picks import Pick, as_markdown, counts, wilson


def pick(true: float, *, row: int = 7, seed: int = 0, measure: str = "latency_s") -> Pick:
    return Pick("h100", "random", "measured", 0.0, seed, 0, measure, 1.0, row, true, 2.0, 1.6)


def test_a_pick_breaks_its_budget_in_truth_only() -> None:
    assert [pick(1.1).breaks, pick(1.0).breaks, pick(math.nan, row=-1).breaks] == [True, False, False]


def test_picks_are_counted_by_seed_without_those_that_were_not_returned() -> None:
    found = counts([pick(1.1), pick(0.9), pick(math.nan, row=-1), pick(1.2, seed=1)])
    assert [(count.seed, count.picks, count.broken) for count in found] == [(0, 2, 1), (1, 1, 1)]


def test_the_table_says_the_share_and_by_how_much() -> None:
    line = as_markdown([pick(1.1), pick(0.9), pick(0.8), pick(0.7)]).splitlines()[2]
    assert "| all | 4 | 25.0 % |" in line
    assert "| 10.0 % | +25.0 % |" in line


@pytest.mark.parametrize(("successes", "trials", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)])
def test_the_interval_of_a_share_is_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-3)
