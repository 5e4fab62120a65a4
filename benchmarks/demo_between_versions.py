"""The demo of one version of ProTran against that of another: same seeds, hypervolume in the end.

    python -m benchmarks.demo_between_versions --old REVISION [--new HEAD] [--seeds 5] [--runs FOLDER]

For each seed the demo runs once with the code of either revision, one after the other, as `make demo` runs it and with
the packages of this environment; the order changes from seed to seed. Each has a ledger of its own, so neither takes
over what the other found. An interrupted benchmark resumes; finished demos are not run again. The code of a revision is
checked out beside the runs.

Both versions find many of the same small candidates, and would differ by which of them had a lucky training or a quiet
minute. So the members of all fronts are trained anew with `--checks` seeds that no campaign saw, by the newer
recipe, and profiled as often, all in one session; a front is judged by the means. Hypervolume: error linear, latency
and memory by decades, between the best and 1.1 times the worst of all fronts of the comparison; by validation error,
which candidates are chosen by, and by test error. Writes demo_between_versions.csv and .json, and the checks beside the
runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.demo_against_random import RESULTS, SCORES, volume_lines
from benchmarks.front_shares import shares
from benchmarks.relaxed_search.evaluating import Evaluator
from benchmarks.relaxed_search.judging import Check, check_by
from benchmarks.row_file import write_rows
from device_agents.environment import machine_facts
from protran.studies.row_log import RowLog
from search_spaces.candidate import Candidate

SIDES = ("old", "new")
TOLD = ("status", "pareto")
FIRST_CHECK = 1001
"""Seed of the first check; those of campaigns are small or derived."""
DEMO = ("search", "--space", "edge-small", "--task", "watch", "--device", "local", "--effort", "demo", "--name", "demo")


@dataclass(frozen=True)
class Outcome:
    """One demo: what it did and what it reached; errors are means over the checks."""

    seed: int
    version: str
    revision: str
    profiles: int
    trainings: int
    members: int
    least_error: float
    least_test_error: float
    hypervolume_validation: float
    hypervolume_test: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old", required=True, metavar="REVISION")
    parser.add_argument("--new", default="HEAD", metavar="REVISION")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--checks", type=int, default=4, help="trainings and profiles that judge each member")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "versions")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    runs = arguments.runs.absolute()
    codes = {side: code_of(getattr(arguments, side), runs) for side in SIDES}
    ended = {}
    for seed in range(arguments.seeds):
        for side in SIDES if seed % 2 == 0 else reversed(SIDES):
            print(f"seed {seed}, {side} ({codes[side].name})", file=sys.stderr, flush=True)
            ended[seed, side] = demo(codes[side], seed, runs / f"{codes[side].name}-seed-{seed}")
    members = {member.key: member for found in ended.values() for member in map(candidate_of, found["candidates"])}
    checks = checked(members, arguments.checks, runs)
    outcomes = judged(ended, checks, {side: code.name for side, code in codes.items()})
    write(outcomes, arguments.results)
    print(table(outcomes))


def code_of(revision: str, runs: Path) -> Path:
    """Returns the folder with the code of a revision, named by its commit; checks it out where it is not there."""
    commit = git("rev-parse", "--short", f"{revision}^{{commit}}")
    folder = runs / commit
    if not folder.is_dir():
        runs.mkdir(parents=True, exist_ok=True)
        git("worktree", "add", "--detach", str(folder), commit)
    return folder


def git(*arguments: str) -> str:
    """Returns what git says; what it complains of is seen in the terminal."""
    return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def demo(code: Path, seed: int, runs: Path) -> dict[str, Any]:
    """Returns status and front of one demo; runs it, or what is left of it, where it is not finished."""
    protran(code, *DEMO, "--seed", str(seed), "--runs", str(runs))
    status, front = (json.loads(protran(code, word, "demo", "--runs", str(runs), "--json")) for word in TOLD)
    return {"status": status, "candidates": front["candidates"]}


def protran(code: Path, *arguments: str) -> str:
    """Returns what a command of some version prints on its standard output; its progress is seen in the terminal."""
    environment = {**os.environ, "PYTHONPATH": str(code)}
    command = [sys.executable, "-m", "protran.cli.main", *arguments]
    return subprocess.run(command, check=True, cwd=code, env=environment, stdout=subprocess.PIPE, text=True).stdout


def candidate_of(member: Mapping[str, Any]) -> Candidate:
    """Returns the candidate of a front's member, as `protran pareto --json` prints it."""
    return Candidate.from_json({name: member[name] for name in ("architecture", "deployment")})


def checked(members: Mapping[str, Candidate], count: int, runs: Path) -> dict[str, list[Check]]:
    """Returns the good checks of each member by its key; does those that are missing, all members before any twice."""
    found: dict[str, list[Check]] = {key: [] for key in members}
    seeds = range(FIRST_CHECK, FIRST_CHECK + count)
    with RowLog(Check, runs / "checks.csv") as log:
        known = {(check.key, check.seed) for check in log.rows}
        left = [(key, seed) for seed in seeds for key in sorted(members) if (key, seed) not in known]
        if left:
            with Evaluator() as work:
                for number, (key, seed) in enumerate(left, 1):
                    log.append(check_by(work, members[key], seed))
                    print(f"{number}/{len(left)} checks", file=sys.stderr, flush=True)
        for check in log.rows:
            if check.key in found and check.seed in seeds and not check.reason:
                found[check.key].append(check)
    return found


def judged(
    ended: Mapping[tuple[int, str], dict[str, Any]], checks: Mapping[str, Sequence[Check]], commits: Mapping[str, str]
) -> list[Outcome]:
    """Returns the outcomes, all between the same ideal and worst values."""
    points = {
        score: {key: points_of(found["candidates"], checks, name) for key, found in ended.items()}
        for score, name in SCORES.items()
    }
    volumes = {score: shares(fronts) for score, fronts in points.items()}
    return [
        Outcome(
            seed,
            side,
            commits[side],
            profiles=found["status"]["profiles"]["answered"],
            trainings=found["status"]["trainings"]["answered"],
            members=len(found["candidates"]),
            least_error=float(points["validation"][seed, side][:, 0].min(initial=np.inf)),
            least_test_error=float(points["test"][seed, side][:, 0].min(initial=np.inf)),
            hypervolume_validation=volumes["validation"][seed, side],
            hypervolume_test=volumes["test"][seed, side],
        )
        for (seed, side), found in sorted(ended.items())
    ]


def points_of(members: Sequence[Mapping[str, Any]], checks: Mapping[str, Sequence[Check]], score: str) -> np.ndarray:
    """Returns the front's members, `n x 3`: mean error and log10 of the latency by the checks, log10 of the memory.

    Members of which every check failed are left out.
    """
    rows = []
    for member in members:
        if good := checks[candidate_of(member).key]:
            error = statistics.fmean(getattr(check, score) for check in good)
            latency_s = statistics.fmean(check.latency_s for check in good)
            memory_bytes = float(member["values"]["memory_bytes"]["value"])
            rows.append([error, np.log10(latency_s), np.log10(memory_bytes)])
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def write(outcomes: list[Outcome], folder: Path) -> None:
    write_rows(Outcome, outcomes, folder / "demo_between_versions.csv")
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    commits = {outcome.version: outcome.revision for outcome in outcomes}
    summary = {"revisions": commits, "machine": facts, "summary": summarise(outcomes)}
    (folder / "demo_between_versions.json").write_text(json.dumps(summary, indent=2, default=str) + "\n")


def summarise(outcomes: list[Outcome]) -> dict[str, dict[str, float]]:
    """Returns mean and standard deviation over seeds of each version, and of the difference, new less old."""
    found: dict[str, dict[str, float]] = {}
    for score in SCORES:
        sides = {
            side: [getattr(item, f"hypervolume_{score}") for item in outcomes if item.version == side] for side in SIDES
        }
        differences = [new - old for old, new in zip(sides["old"], sides["new"], strict=True)]
        for name, values in {**sides, "new less old": differences}.items():
            spread = statistics.stdev(values) if len(values) > 1 else float("nan")
            found[f"{score}, {name}"] = {"mean": statistics.fmean(values), "std": spread}
        found[f"{score}, new less old"] |= {"positive": sum(d > 0 for d in differences), "of": len(differences)}
    return found


def table(outcomes: list[Outcome]) -> str:
    """Returns the outcomes in Markdown."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {len(outcomes) // 2} seeds.",
        "",
        "| seed | version | profiles | trainings | members | least error | of test | HV (validation) | HV (test) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {o.seed} | {o.version} ({o.revision}) | {o.profiles} | {o.trainings} | {o.members} | {o.least_error:.3f} "
        f"| {o.least_test_error:.3f} | {o.hypervolume_validation:.3f} | {o.hypervolume_test:.3f} |"
        for o in outcomes
    ]
    return "\n".join([*lines, *volume_lines(summarise(outcomes))])


if __name__ == "__main__":
    main()
