"""What runs of active learning say together: profiles needed for a reference error, and whether stops were right."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from protran.evaluate.summary import Summary

REFERENCE_POLICY, REFERENCE_PROFILES = "random", 64
RULES = ("expected", "bound")
"""Figures of a judgement that a stop rule may compare with its target."""


@dataclass(frozen=True)
class Row:
    """One judgement of one run; see `protran.evaluate.active_loop.Judgement`."""

    table: str
    seed: int
    policy: str
    profiles: int
    repeats: int
    measure: str
    mape: float
    nmse: float
    smooth_mape: float
    true_error: float
    expected: float
    bound: float
    cost: float

    @property
    def case(self) -> tuple[str, str]:
        """Table and measure."""
        return self.table, self.measure


def summarise(rows: Sequence[Row], metric: str, at: int) -> list[dict[str, Any]]:
    """Returns one entry per table, measure and policy.

    ``reference`` is the median over seeds of random sampling's error at 64 profiles. ``needed`` is the least number of
    profiles at which the policy's median error is no larger, None where that never happened; ``ratio`` summarises, over
    the seeds, the policy's error after ``at`` profiles over the reference's in the same seed.

    Args:
        rows: of all runs.
        metric: an error among the numbers of `Row`.
        at: a number of profiles.
    """
    entries = []
    for case in dict.fromkeys(row.case for row in rows):
        own = [row for row in rows if row.case == case]
        reference = _by_seed(own, REFERENCE_POLICY, REFERENCE_PROFILES, metric)
        for policy in dict.fromkeys(row.policy for row in own):
            entry = _entry(own, policy, reference, metric, at)
            entries.append({"table": case[0], "measure": case[1], "policy": policy, "metric": metric, **entry})
    return entries


def _entry(own: Sequence[Row], policy: str, reference: dict[int, float], metric: str, at: int) -> dict[str, Any]:
    sizes = sorted({row.profiles for row in own if row.policy == policy})
    errors = {size: _by_seed(own, policy, size, metric) for size in sizes}
    goal = statistics.median(reference.values()) if reference else None
    reached = [size for size in sizes if goal is not None and statistics.median(errors[size].values()) <= goal]
    ratios = [error / reference[seed] for seed, error in errors.get(at, {}).items() if reference.get(seed)]
    return {
        "seeds": len(errors[sizes[0]]),
        "reference": goal,
        "needed": min(reached, default=None),
        "ratio": Summary.of(ratios).to_json(),
        "errors": {str(size): Summary.of(list(errors[size].values())).to_json() for size in sizes},
    }


def _by_seed(own: Iterable[Row], policy: str, profiles: int, metric: str) -> dict[int, float]:
    return {row.seed: getattr(row, metric) for row in own if (row.policy, row.profiles) == (policy, profiles)}


def stops(rows: Sequence[Row], policy: str, rule: str, target: float) -> dict[str, Any]:
    """Returns how right a policy's stops were: one case per table, measure and seed.

    A run stops at the least number of profiles at which the rule's figure is no larger than the target, and is right
    where the error without noise (`Row.true_error`) then is no larger either.

    Args:
        rows: of all runs.
        policy: whose runs.
        rule: one of `RULES`.
        target: of the relative error.

    Returns:
        ``runs``, ``stopped``, ``right`` (share of the stopped), ``profiles`` (their median at the stop), ``worst``
        (largest error over target), and ``excess`` (median of error over target where it was not right).
    """
    runs: dict[tuple[str, str, int], list[Row]] = {}
    for row in rows:
        if row.policy == policy:
            runs.setdefault((*row.case, row.seed), []).append(row)
    ends = [end for run in runs.values() if (end := _end(run, rule, target)) is not None]
    over = [end.true_error / target for end in ends]
    wrong = [ratio for ratio in over if ratio > 1.0]
    return {
        "policy": policy,
        "rule": rule,
        "target": target,
        "runs": len(runs),
        "stopped": len(ends),
        "right": 1.0 - len(wrong) / len(ends) if ends else None,
        "profiles": statistics.median(end.profiles for end in ends) if ends else None,
        "worst": max(over, default=None),
        "excess": statistics.median(wrong) if wrong else None,
    }


def _end(run: Iterable[Row], rule: str, target: float) -> Row | None:
    """Returns the judgement at which a run stops."""
    met = (row for row in run if getattr(row, rule) <= target)
    return min(met, key=lambda row: row.profiles, default=None)
