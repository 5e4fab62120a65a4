from __future__ import annotations

import csv
import json
import math
import subprocess
from pathlib import Path
from typing import Any, ClassVar

import pytest

from benchmarks import demo_between_versions as versions
from benchmarks.relaxed_search.evaluating import Profiled, Scored
from benchmarks.relaxed_search.judging import Check
from benchmarks.watch_table.plan import planned
from search_spaces.candidate import Candidate

GOOD, BAD = planned(2)


def ended(candidate: Candidate, memory_bytes: float) -> dict[str, Any]:
    """A demo whose front has one member, of values that campaigns scattered over."""
    values = {"error": 0.2, "test_error": 0.2, "latency_s": 1e-3, "memory_bytes": memory_bytes}
    told = {name: {"value": value} for name, value in values.items()}
    return {
        "status": {"profiles": {"answered": 40}, "trainings": {"answered": 60}},
        "candidates": [{"key": "of an older version", "deployment": {}, **candidate.to_json(), "values": told}],
    }


def check(candidate: Candidate, seed: int, error: float, latency_s: float, reason: str = "") -> Check:
    return Check(candidate.key, seed, error, error + 0.1, latency_s, 9.0, reason)


def test_fronts_are_judged_by_the_checks_and_the_difference_says_so(tmp_path: Path) -> None:
    checks = {
        GOOD.key: [check(GOOD, 1001, 0.05, 0.5e-4), check(GOOD, 1002, 0.15, 1.5e-4)],
        BAD.key: [check(BAD, 1001, 0.3, 1e-3)],
    }
    sides = {"new": ended(GOOD, 1e3), "old": ended(BAD, 1e4)}
    found = {(seed, side): sides[side] for seed in (0, 1) for side in versions.SIDES}
    outcomes = versions.judged(found, checks, {"old": "aaaa", "new": "bbbb"})
    volumes = {(item.seed, item.version): item.hypervolume_validation for item in outcomes}
    assert volumes[0, "new"] == volumes[1, "new"] == pytest.approx(1.0)
    assert volumes[0, "old"] == pytest.approx((0.1 / 1.1) ** 3)
    summary = versions.summarise(outcomes)
    assert summary["validation, new less old"]["positive"] == summary["test, new less old"]["of"] == 2
    versions.write(outcomes, tmp_path)
    with (tmp_path / "demo_between_versions.csv").open() as file:
        assert [row["revision"] for row in csv.DictReader(file)] == ["bbbb", "aaaa", "bbbb", "aaaa"]
    assert json.loads((tmp_path / "demo_between_versions.json").read_text())["revisions"]["old"] == "aaaa"
    assert "| 1 | old (aaaa) | 40 | 60 | 1 | 0.300 | 0.400 |" in versions.table(outcomes)
    assert "| 1 | new (bbbb) | 40 | 60 | 1 | 0.100 | 0.200 |" in versions.table(outcomes)


class StandIn:
    """Trains and profiles at once, and notes what it was asked; one seed of one candidate fails."""

    asked: ClassVar[list[tuple[str, int]]] = []

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def train(self, candidate: Candidate, seed: int) -> Scored:
        self.asked.append((candidate.key, seed))
        failed = candidate == BAD and seed == versions.FIRST_CHECK
        return Scored(math.nan if failed else 0.2, 0.3, 1.0, "the loss became nan" if failed else "")

    def profile(self, candidate: Candidate) -> Profiled:
        return Profiled(1e-3, 1e-5, 1e4, "")


def test_checks_are_done_once_and_failed_ones_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "Evaluator", StandIn)
    monkeypatch.setattr(StandIn, "asked", [])
    members = {one.key: one for one in (GOOD, BAD)}
    first = versions.FIRST_CHECK
    assert {key: len(found) for key, found in versions.checked({GOOD.key: GOOD}, 1, tmp_path).items()} == {GOOD.key: 1}
    found = versions.checked(members, 2, tmp_path)
    assert sorted(StandIn.asked) == sorted((one, seed) for one in members for seed in (first, first + 1))
    assert {key: [check.seed for check in good] for key, good in found.items()} == {
        GOOD.key: [first, first + 1],
        BAD.key: [first + 1],
    }
    versions.checked(members, 2, tmp_path)
    assert len(StandIn.asked) == 4


def test_a_version_runs_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    (project / "protran" / "cli").mkdir(parents=True)
    for folder in ("protran", "protran/cli"):
        (project / folder / "__init__.py").touch()
    (project / "protran" / "cli" / "main.py").write_text("import sys; print('old', *sys.argv[1:])")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "old"]):
        subprocess.run([*git, *command], cwd=project, check=True)
    (project / "protran" / "cli" / "main.py").write_text("print('new')")
    monkeypatch.chdir(project)
    code = versions.code_of("HEAD", tmp_path / "runs")
    assert versions.protran(code, "status", "demo") == "old status demo\n"
    assert versions.code_of("HEAD", tmp_path / "runs") == code
