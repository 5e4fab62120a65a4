from __future__ import annotations

import math

import pytest

from protran.evaluate.active_summary import Row, stops, summarise


def row(policy: str, profiles: int, error: float, seed: int = 0, **changes: object) -> Row:
    values = {"expected": error, "bound": 2 * error, "true_error": error} | changes
    numbers = {"nmse": 0.0, "smooth_mape": math.nan, "cost": 1.0, "repeats": 0, **values}
    return Row("table", seed, policy, profiles, measure="latency_s", mape=error, **numbers)  # type: ignore[arg-type]


def entry(rows: list[Row], policy: str) -> dict[str, object]:
    (found,) = [entry for entry in summarise(rows, "mape", 24) if entry["policy"] == policy]
    return found


def test_needed_is_the_first_size_whose_median_is_no_larger_than_random_at_64():
    rows = [row("random", 64, error, seed) for seed, error in enumerate((0.1, 0.2, 0.3))]
    for size, errors in {16: (0.1, 0.25, 0.3), 24: (0.5, 0.2, 0.1), 32: (0.1, 0.1, 0.1)}.items():
        rows += [row("clever", size, error, seed) for seed, error in enumerate(errors)]
    assert entry(rows, "clever")["needed"] == 24


def test_a_policy_that_never_gets_there_has_no_number():
    assert entry([row("random", 64, 0.1), row("poor", 24, 0.2), row("poor", 64, 0.11)], "poor")["needed"] is None


def test_ratios_are_paired_by_seed():
    rows = [row("random", 64, 0.1, 0), row("random", 64, 0.4, 1), row("clever", 24, 0.2, 0), row("clever", 24, 0.4, 1)]
    assert entry(rows, "clever")["ratio"] == {"median": 1.5, "q1": 1.25, "q3": 1.75}


def test_a_stop_is_judged_where_the_rule_first_met_the_target():
    rows = [row("clever", 8, 0.04, bound=0.2), row("clever", 16, 0.06, bound=0.05), row("clever", 24, 0.01, bound=0.01)]
    found = stops(rows, "clever", "bound", 0.05)
    assert (found["stopped"], found["right"], found["profiles"]) == (1, 0.0, 16)
    assert found["worst"] == pytest.approx(1.2)


def test_runs_that_never_stop_are_neither_right_nor_wrong():
    rows = [row("clever", 8, 0.04, 0), row("clever", 8, 0.2, 1)]
    found = stops(rows, "clever", "expected", 0.05)
    assert (found["runs"], found["stopped"], found["right"], found["excess"]) == (2, 1, 1.0, None)


def test_where_nothing_stopped_nothing_is_claimed():
    found = stops([row("clever", 8, 0.2)], "clever", "bound", 0.05)
    assert (found["stopped"], found["right"], found["worst"]) == (0, None, None)
