"""ProTran's search against the usual samplers, on real trainings and profiles of edge-small candidates.

    python -m benchmarks.relaxed_search [--methods protran,random,tpe,nsga2] [--evaluations 20,40] [--seeds 3]
                                        [--jobs 2] [--out FOLDER] [--results FOLDER]

Each method proposes candidates freely. Each is trained once at full fidelity on `watch` (about 20 core-seconds) and
profiled once on this machine; the method sees its validation error, latency and memory. Then the members of every
run's front, after each of the numbers of evaluations, are trained twice more with seeds that no method saw, and fronts
are judged by those: hypervolume as a share of the box between the best and 1.1 times the worst of all fronts, error
linear, latency and memory by decades; by validation error and by test error. `--jobs` runs go on side by side; the
paired latency is made for such company. Stopped at any moment, the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.cancelling import cancelled_after_errors
from benchmarks.front_shares import shares
from benchmarks.relaxed_search.evaluating import Evaluated, run
from benchmarks.relaxed_search.judging import CHECK_SEEDS, Check, check, front, points, unchecked
from benchmarks.relaxed_search.methods import METHODS
from benchmarks.row_file import write_rows
from benchmarks.spread_text import spread_text
from device_agents.environment import machine_facts
from protran.errors import ProTranError
from protran.studies.row_log import RowLog, read_log

RESULTS = Path(__file__).parent.parent / "results"
SCORES = {"validation": "error", "test": "test_error"}


@dataclass(frozen=True)
class Outcome:
    """One run after so many evaluations."""

    method: str
    seed: int
    evaluations: int
    members: int
    hypervolume_validation: float
    hypervolume_test: float
    propose_s: float
    train_core_s: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relaxed_search", description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default="protran,random,tpe,nsga2")
    parser.add_argument("--evaluations", default="20,40")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs") / "relaxed_search")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    methods, counts = options.methods.split(","), sorted(int(text) for text in options.evaluations.split(","))
    if unknown := [name for name in methods if name not in METHODS]:
        parser.error(f"expected methods among {', '.join(METHODS)}, got {unknown[0]}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of the processes that are started: runs stand side by side
    try:
        outcomes = done(methods, counts, options.seeds, options.jobs, options.out)
    except ProTranError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write(outcomes, options.results)
    print(table(outcomes, options.jobs))
    return 0


def done(methods: Sequence[str], counts: Sequence[int], seeds: int, jobs: int, folder: Path) -> list[Outcome]:
    """Does what the folder lacks, and returns what came of it."""
    places = [(method, seed) for seed in range(seeds) for method in methods]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool, cancelled_after_errors(pool):
        runs = {pool.submit(run, method, seed, counts[-1], folder): (method, seed) for method, seed in places}
        for number, future in enumerate(as_completed(runs), 1):
            future.result()
            tell(f"{number}/{len(runs)} runs, {runs[future][0]} of seed {runs[future][1]}")
        rows = {place: read_log(Evaluated, folder / f"{place[0]}-{place[1]}.csv") for place in places}
        fronts = {(*place, count): front(found, count) for place, found in rows.items() for count in counts}
        checks = checked(fronts.values(), folder, pool)
    return judged(rows, fronts, checks)


def checked(fronts: Iterable[Sequence[Evaluated]], folder: Path, pool: ProcessPoolExecutor) -> list[Check]:
    """Returns all checks; does those that are missing."""
    with RowLog(Check, folder / "checks.csv") as log:
        left = [pool.submit(check, row, seed) for row, seed in unchecked(fronts, log.rows)]
        for number, future in enumerate(as_completed(left), 1):
            log.append(future.result())
            tell(f"{number}/{len(left)} checks")
        return list(log.rows)


def judged(
    rows: dict[tuple[str, int], list[Evaluated]],
    fronts: dict[tuple[str, int, int], list[Evaluated]],
    checks: Sequence[Check],
) -> list[Outcome]:
    """Returns the outcomes, all judged in one box."""
    good: dict[str, list[Check]] = defaultdict(list)
    for item in checks:
        if all(math.isfinite(value) for value in (item.error, item.test_error, item.latency_s)):
            good[item.key].append(item)
    volumes = {
        name: shares({key: points(members, good, score) for key, members in fronts.items()})
        for name, score in SCORES.items()
    }
    return [
        Outcome(
            method,
            seed,
            count,
            len(members),
            volumes["validation"][method, seed, count],
            volumes["test"][method, seed, count],
            propose_s=sum(row.propose_s for row in rows[method, seed][:count]),
            train_core_s=sum(row.train_core_s for row in rows[method, seed][:count] if math.isfinite(row.train_core_s)),
        )
        for (method, seed, count), members in fronts.items()
    ]


def tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def write(outcomes: Sequence[Outcome], folder: Path) -> None:
    write_rows(Outcome, outcomes, folder / "relaxed_search.csv", digits=6)
    facts = {"machine": machine_facts().to_json(), "check_seeds": list(CHECK_SEEDS)}
    (folder / "relaxed_search.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def table(outcomes: Sequence[Outcome], jobs: int) -> str:
    """Returns mean and standard deviation over seeds, in Markdown."""
    facts = machine_facts()
    seeds = len({item.seed for item in outcomes})
    lines = [
        f"Machine: {facts.processor}, {facts.cores} cores; {seeds} seeds; {jobs} runs side by side; judged by "
        f"trainings with the seeds {' and '.join(map(str, CHECK_SEEDS))}.",
        "",
        "| method | evaluations | members | HV (validation) | HV (test) | s of proposals | core-s of trainings |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, int], list[Outcome]] = defaultdict(list)
    for item in outcomes:
        groups[item.method, item.evaluations].append(item)
    for (method, count), items in groups.items():
        cells = [
            spread_text([item.hypervolume_validation for item in items]),
            spread_text([item.hypervolume_test for item in items]),
            f"{statistics.fmean(item.propose_s for item in items):.0f}",
            f"{statistics.fmean(item.train_core_s for item in items):.0f}",
        ]
        members = f"{statistics.fmean(item.members for item in items):.1f}"
        lines.append(f"| {' | '.join([method, str(count), members, *cells])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
    raise SystemExit(130)
