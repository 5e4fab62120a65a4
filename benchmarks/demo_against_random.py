"""The demo's search against random search: same seeds, same number of trainings and profiles, hypervolume in the end.

    python -m benchmarks.demo_against_random [--seeds 5] [--runs FOLDER] [--dispatcher ray|inline] [--parallel N]

For each seed, two campaigns of the demo's effort run one after the other: one proposes by gradients, the other at
random; nothing else differs. They start from the same low-discrepancy sample, so the second takes over the answers of
the first for that sample (and for nothing else that it did not propose itself). Every campaign runs to its last
training: the demo's time limit is off. An interrupted benchmark resumes; finished campaigns are not run again.
`--parallel N` runs N seeds at once, each with the inline dispatcher in a process of its own, for machines with many
cores; the paired latency is made for such company, and the table says how many ran.

The hypervolume of the verified front counts the error linearly, latency and memory by decades, between the best and
the worst of all fronts of the comparison; the reference point lies a tenth beyond the worst. It is given twice: by
validation error, which candidates are chosen by, and by test error, which nobody has seen before.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.front_shares import shares
from device_agents.environment import machine_facts
from protran.api import open_campaign, start_campaign
from protran.campaign.events import CampaignEvent, ProfileDone, TrainingDone
from protran.effort import Effort, EffortPreset
from protran.front import Front

RESULTS = Path(__file__).parent / "results"
METHODS = ("gradient", "random")
SCORES = {"validation": "error", "test": "test_error"}


@dataclass(frozen=True)
class Outcome:
    """One campaign: what it did and what it reached."""

    seed: int
    method: str
    profiles: int
    trainings: int
    members: int
    test_error_of_best: float
    hypervolume_validation: float = 0.0
    hypervolume_test: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=Path("runs") / "benchmark")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--dispatcher", default="ray")
    parser.add_argument("--parallel", type=int, default=1)
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    if arguments.parallel > 1:
        with ProcessPoolExecutor(arguments.parallel, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(run_seed, seeds, repeat(arguments.runs), repeat("inline")))
    else:
        found = [run_seed(seed, arguments.runs, arguments.dispatcher) for seed in seeds]
    fronts = {(seed, method): front for seed, pair in zip(seeds, found, strict=True) for method, front in pair.items()}
    outcomes = judge(fronts, arguments.runs)
    write(outcomes, arguments.results, arguments.parallel)
    print(table(outcomes, arguments.parallel))


def run_seed(seed: int, runs: Path, dispatcher: str) -> dict[str, Front]:
    """Returns the verified front of each method."""
    return {method: run(seed, method, runs, dispatcher) for method in METHODS}


def run(seed: int, method: str, runs: Path, dispatcher: str) -> Front:
    """Returns the verified front of one campaign; runs it, or what is left of it, where it is not finished."""
    # no early stop of the learn phase: both methods get the same number of profiles
    effort = Effort(preset=EffortPreset.DEMO).model_dump() | {"minutes": None, "target_error": 1e-6}
    name = f"{method}-{seed}"
    result = start_campaign(
        name=name, space="edge-small", task="watch", effort=effort, seed=seed, proposer=method, reuse="all",
        runs=runs / f"seed-{seed}", observer=progress(name), dispatcher=dispatcher,
    )  # fmt: skip
    return result.front


def progress(name: str) -> Callable[[CampaignEvent], None]:
    """Returns an observer that prints one line for every tenth answer."""
    answers = 0

    def observe(event: CampaignEvent) -> None:
        nonlocal answers
        if isinstance(event, ProfileDone | TrainingDone):
            answers += 1
            if answers % 10 == 0:
                print(f"{datetime.now(UTC):%H:%M:%S} {name}: {answers} answers", file=sys.stderr, flush=True)

    return observe


def judge(fronts: dict[tuple[int, str], Front], runs: Path) -> list[Outcome]:
    """Returns the outcomes, all judged between the same ideal and worst values."""
    volumes = {
        score: shares({key: points_of(front, name) for key, front in fronts.items()}) for score, name in SCORES.items()
    }
    outcomes = []
    for (seed, method), front in fronts.items():
        status = open_campaign(f"{method}-{seed}", runs=runs / f"seed-{seed}").status()
        outcomes.append(
            Outcome(
                seed,
                method,
                profiles=status.profiles["answered"],
                trainings=status.trainings["answered"],
                members=len(front.candidates),
                test_error_of_best=float(front.candidates[0].values["test_error"].value or 0.0),
                hypervolume_validation=volumes["validation"][seed, method],
                hypervolume_test=volumes["test"][seed, method],
            )
        )
    return outcomes


def points_of(front: Front, score: str) -> np.ndarray:
    """Returns the front's members, `n x 3`: error, log10 of the latency in seconds, log10 of the memory in bytes."""
    rows = [[m.number(score), m.number("latency_s"), m.number("memory_bytes")] for m in front.candidates]
    points = np.array(rows, dtype=np.float64).reshape(-1, 3)
    points[:, 1:] = np.log10(points[:, 1:])
    return points


def write(outcomes: list[Outcome], folder: Path, parallel: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo_against_random.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(asdict(outcomes[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(outcome) for outcome in outcomes)
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.demo_against_random --seeds {len(outcomes) // 2} --parallel {parallel}"
    summary = {"command": command, "machine": facts, "summary": summarise(outcomes)}
    (folder / "demo_against_random.json").write_text(json.dumps(summary, indent=2, default=str) + "\n")


def summarise(outcomes: list[Outcome]) -> dict[str, dict[str, float]]:
    """Returns mean and standard deviation over seeds, of each method and of the paired difference."""
    summary: dict[str, dict[str, float]] = {}
    for score in SCORES:
        by_method = {
            method: [getattr(o, f"hypervolume_{score}") for o in outcomes if o.method == method] for method in METHODS
        }
        columns = {**by_method, "difference": [a - b for a, b in zip(*by_method.values(), strict=True)]}
        for name, values in columns.items():
            spread = statistics.stdev(values) if len(values) > 1 else float("nan")
            wins = sum(value > 0 for value in values)
            summary[f"{score} {name}"] = {"mean": statistics.fmean(values), "std": spread} | (
                {"positive": wins, "of": len(values)} if name == "difference" else {}
            )
    return summary


def table(outcomes: list[Outcome], parallel: int) -> str:
    """Returns the outcomes in Markdown."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {len(outcomes) // 2} seeds, {parallel} at once.",
        "",
        "| seed | method | profiles | trainings | members | test error of best | HV (validation) | HV (test) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {o.seed} | {o.method} | {o.profiles} | {o.trainings} | {o.members} | {o.test_error_of_best:.3f} "
        f"| {o.hypervolume_validation:.3f} | {o.hypervolume_test:.3f} |"
        for o in outcomes
    ]
    return "\n".join([*lines, *volume_lines(summarise(outcomes))])


def volume_lines(summary: dict[str, dict[str, float]]) -> list[str]:
    """Returns what `summarise` says as a table in Markdown, a line each."""
    heads = ["", "| hypervolume | mean | standard deviation over seeds | seeds where positive |", "|---|---|---|---|"]
    return heads + [
        f"| {name} | {row['mean']:.3f} | {row['std']:.3f} | "
        f"{str(row['positive']) + ' of ' + str(row['of']) if 'positive' in row else ''} |"
        for name, row in summary.items()
    ]


if __name__ == "__main__":
    main()
