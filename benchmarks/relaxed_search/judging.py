"""What runs have found, judged by trainings that no method has seen, so that a lucky training is no prize."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.relaxed_search.evaluating import Evaluated, Evaluator
from protran.dominance import non_dominated
from search_spaces.candidate import Candidate

CHECK_SEEDS = (1001, 1002)
"""Of no run."""


@dataclass(frozen=True)
class Check:
    """One more training of a candidate that was on a front; NaN and a reason where it failed."""

    key: str
    seed: int
    error: float
    test_error: float
    latency_s: float
    core_s: float
    reason: str


def front(rows: Sequence[Evaluated], evaluations: int) -> list[Evaluated]:
    """Returns the members of a run's front after so many evaluations, by what the method saw, each candidate once."""
    good = list({row.key: row for row in rows[:evaluations] if row.seen.ok}.values())
    mask = non_dominated(np.array([row.seen.values for row in good], dtype=np.float64).reshape(-1, 3))
    return [row for row, member in zip(good, mask, strict=True) if member]


def unchecked(fronts: Iterable[Sequence[Evaluated]], checks: Iterable[Check]) -> list[tuple[Evaluated, int]]:
    """Returns the checks that are to do: members of fronts and seeds, in the order of the members' keys."""
    known = {(check.key, check.seed) for check in checks}
    members = {row.key: row for members in fronts for row in members}
    return [(members[key], seed) for key in sorted(members) for seed in CHECK_SEEDS if (key, seed) not in known]


def check(row: Evaluated, seed: int) -> Check:
    """Returns one more training and profile of a candidate. Of this module: other processes must find it by name."""
    with Evaluator() as work:
        return check_by(work, row.candidate, seed)


def check_by(work: Evaluator, candidate: Candidate, seed: int) -> Check:
    """Returns one more training and profile of a candidate."""
    scored, profiled = work.train(candidate, seed), work.profile(candidate)
    reason = scored.reason or profiled.reason
    return Check(candidate.key, seed, scored.error, scored.test_error, profiled.latency_s, scored.core_s, reason)


def points(members: Sequence[Evaluated], checks: Mapping[str, Sequence[Check]], score: str) -> np.ndarray:
    """Returns members as they are judged, `n x 3`: mean error over checks, log10 of latency and of memory.

    The latency is the mean of what the method saw and of the checks. Members of which every check failed are left out.

    Args:
        members: of a front.
        checks: candidate key -> its good checks.
        score: `error` or `test_error`.
    """
    found = []
    for row in members:
        judged = checks.get(row.key, ())
        if judged:
            latency_s = statistics.fmean([row.latency_s, *(check.latency_s for check in judged)])
            error = statistics.fmean(getattr(check, score) for check in judged)
            found.append([error, np.log10(latency_s), np.log10(row.memory_bytes)])
    return np.array(found, dtype=np.float64).reshape(-1, 3)
