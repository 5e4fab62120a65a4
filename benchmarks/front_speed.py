"""How long fronts of many candidates take: the plain rule, the rule under noise, and a whole `pareto_front`.

    python benchmarks/front_speed.py [--rows 100000] [--out FILE.csv]

Points are of four objectives: even ones, of which few are on the front, and ones on a sphere, of which all are. The
seconds are of this process's processor, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from device_agents.measurement import Provenance, Value
from protran.dominance import non_dominated
from protran.front import DominanceRule, FrontCandidate, pareto_front
from protran.noisy_dominance import confidently_non_dominated
from protran.objectives import objectives_for
from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer

Array = npt.NDArray[np.float64]
NAMES = ("error", "latency_s", "memory_bytes", "energy_j")
OBJECTIVES = objectives_for(["error", "latency", "memory", "energy"], ["pi"])
HEAD = ("points", "what", "rows", "on_front", "seconds")


def even(rows: int) -> Array:
    """Returns `rows x 4` points that fill the cube."""
    return np.random.default_rng(0).random((rows, 4))


def sphere(rows: int) -> Array:
    """Returns `rows x 4` points of which none dominates another."""
    points = np.abs(np.random.default_rng(0).standard_normal((rows, 4)))
    return np.asarray(1.0 - points / np.linalg.norm(points, axis=1, keepdims=True))


def members(points: Array) -> list[FrontCandidate]:
    """Returns a candidate for each point, with error bars of 3 %."""
    found = []
    for place, numbers in enumerate(points.tolist()):
        layer = Layer(8, (HEAD_KINDS[0],), (1 + place,))
        values = {n: Value(v, 0.03 * v, Provenance.SCORED) for n, v in zip(NAMES, numbers, strict=True)}
        found.append(FrontCandidate(Candidate(Architecture((layer,))), values))
    return found


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """Returns what `work` counts and the seconds of the processor that it took."""
    began = time.process_time()
    count = work()
    return count, time.process_time() - began


def rows_of(rows: int) -> list[tuple[str, str, int, int, float]]:
    """Returns one row for each set of points and each thing that is timed."""
    found = []
    for name, points in (("even", even(rows)), ("sphere", sphere(rows))):
        known, errors = members(points), 0.03 * points
        works: dict[str, Callable[[], int]] = {
            "plain dominance": lambda points=points: int(non_dominated(points).sum()),  # type: ignore[misc]
            "dominance with 95 %": lambda points=points, errors=errors: int(  # type: ignore[misc]
                confidently_non_dominated(points, errors, 0.95).sum()
            ),
            "whole front, plain": lambda known=known: len(pareto_front(known, OBJECTIVES).candidates),  # type: ignore[misc]
            "whole front, 95 %": lambda known=known: len(  # type: ignore[misc]
                pareto_front(known, OBJECTIVES, dominance=DominanceRule.CONFIDENT).candidates
            ),
        }
        for what, work in works.items():
            count, seconds = timed(work)
            found.append((name, what, rows, count, round(seconds, 2)))
    return found


def main() -> None:
    """Writes the table to standard output, or to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    table = [HEAD, *rows_of(options.rows)]
    if options.out is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(table)
    else:
        with options.out.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table)


if __name__ == "__main__":
    main()
