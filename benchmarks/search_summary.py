"""Sums up runs of `protran bench search`: fractions at some evaluations, and how many each method needs.

    python -m benchmarks.search_summary --runs RUNS.csv [--at 60,100,160] [--results FOLDER]

`RUNS.csv` is what `protran bench search --results` wrote, of any number of tables. For each table and method: mean and
standard deviation over the seeds of the fraction of the smooth hypervolume, mean seconds of search, and the first
number of evaluations at which the method's mean reaches that of `protran` at the first number of `--at`, as a multiple
of it. Means at every tenth evaluation go to a CSV file.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.row_file import write_rows

RESULTS = Path(__file__).parent / "results"
OURS = "protran"
EVERY = 10

Curve = tuple[float, ...]
"""Fraction of the hypervolume, or seconds of search, after each evaluation."""


@dataclass(frozen=True)
class Point:
    """Mean and standard deviation over the seeds after so many evaluations."""

    table: str
    method: str
    evaluations: int
    seeds: int
    mean: float
    std: float
    search_s: float


@dataclass(frozen=True)
class Runs:
    """All runs of one method on one table, by seed."""

    fractions: Mapping[int, Curve]
    seconds: Mapping[int, Curve]

    def at(self, evaluations: int) -> tuple[list[float], list[float]]:
        """Returns fractions and seconds of the seeds that went as far."""
        place = evaluations - 1
        far = [seed for seed, curve in self.fractions.items() if len(curve) > place]
        return [self.fractions[seed][place] for seed in far], [self.seconds[seed][place] for seed in far]

    def needed(self, fraction: float) -> int | None:
        """Returns the first number of evaluations at which the mean is as large; None where it never is."""
        return next((n for n in range(1, self.shortest + 1) if statistics.fmean(self.at(n)[0]) >= fraction), None)

    @property
    def shortest(self) -> int:
        """Evaluations that all seeds have."""
        return min(len(curve) for curve in self.fractions.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--at", default="60,100,160")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    at = [int(number) for number in arguments.at.split(",")]
    runs = read_runs(arguments.runs)
    write_rows(Point, curve_points(runs), arguments.results / "search_curves.csv", digits=5)
    print(as_markdown(runs, at))


def read_runs(path: Path) -> dict[tuple[str, str], Runs]:
    """Returns the runs in a file, by table and method."""
    found: dict[tuple[str, str], dict[int, list[tuple[int, float, float]]]] = defaultdict(lambda: defaultdict(list))
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            line = int(row["evaluation"]), float(row["hv_fraction"]), float(row["search_s"])
            found[row["table"], row["method"]][int(row["seed"])].append(line)
    return {
        key: Runs(
            {seed: tuple(line[1] for line in sorted(lines)) for seed, lines in by_seed.items()},
            {seed: tuple(line[2] for line in sorted(lines)) for seed, lines in by_seed.items()},
        )
        for key, by_seed in found.items()
    }


def curve_points(runs: Mapping[tuple[str, str], Runs]) -> list[Point]:
    """Returns the points of all curves, at every tenth evaluation."""
    return [
        _point(table, method, own, number)
        for (table, method), own in runs.items()
        for number in range(EVERY, own.shortest + 1, EVERY)
    ]


def as_markdown(runs: Mapping[tuple[str, str], Runs], at: Sequence[int]) -> str:
    """Returns a table for each table of measurements."""
    lines = []
    for table in dict.fromkeys(table for table, _ in runs):
        lines += [
            f"| {table} | seeds | {' | '.join(map(str, at))} | search, s, at {at[0]} | reaches ours at {at[0]} at |",
            "|---|---|" + "---|" * (len(at) + 2),
        ]
        ours = statistics.fmean(runs[table, OURS].at(at[0])[0]) if (table, OURS) in runs else None
        lines += [_line(table, method, own, at, ours) for (name, method), own in runs.items() if name == table]
        lines.append("")
    return "\n".join(lines)


def _line(table: str, method: str, own: Runs, at: Sequence[int], ours: float | None) -> str:
    cells = [
        f"{point.mean:.3f} +- {point.std:.3f}" if number <= own.shortest else "-"
        for number in at
        for point in [_point(table, method, own, min(number, own.shortest))]
    ]
    first = _point(table, method, own, min(at[0], own.shortest))
    reached = "-"
    if ours is not None and method != OURS:
        needed = own.needed(ours)
        reached = (
            f"{needed} ({needed / at[0]:.1f} x)" if needed else f"> {own.shortest} (> {own.shortest / at[0]:.1f} x)"
        )
    return f"| {method} | {len(own.fractions)} | {' | '.join(cells)} | {first.search_s:.1f} | {reached} |"


def _point(table: str, method: str, own: Runs, evaluations: int) -> Point:
    fractions, seconds = own.at(evaluations)
    std = statistics.stdev(fractions) if len(fractions) > 1 else 0.0
    return Point(
        table, method, evaluations, len(fractions), statistics.fmean(fractions), std, statistics.fmean(seconds)
    )


if __name__ == "__main__":
    main()
