from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import demo_between_versions as versions


def ended(*members: tuple[float, float, float]) -> dict[str, Any]:
    """A demo whose front has members of these errors, latencies and memories."""
    return {
        "status": {"profiles": {"answered": 40}, "trainings": {"answered": 60}},
        "candidates": [
            {
                "values": {
                    "error": {"value": error},
                    "test_error": {"value": error + 0.1},
                    "latency_s": {"value": latency_s},
                    "memory_bytes": {"value": memory_bytes},
                }
            }
            for error, latency_s, memory_bytes in members
        ],
    }


def test_the_front_that_dominates_has_the_larger_hypervolume_and_the_difference_says_so(tmp_path: Path) -> None:
    good, bad = (0.1, 1e-4, 1e3), (0.3, 1e-3, 1e4)
    found = {(seed, side): ended(good if side == "new" else bad) for seed in (0, 1) for side in versions.SIDES}
    outcomes = versions.judged(found, {"old": "aaaa", "new": "bbbb"})
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
