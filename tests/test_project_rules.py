"""The rules of the house that a program can check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("protran", "search_spaces", "surrogates", "device_agents")
HEAVY = ("torch", "ray", "matplotlib", "sqlalchemy", "botorch", "sklearn", "pandas", "rich")


def _sources() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_stay_small() -> None:
    assert {str(path): n for path in _sources() if (n := len(path.read_text().splitlines())) > 400} == {}


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    assert [path for path in _sources() if path.name in ("utils.py", "helpers.py", "common.py")] == []


@pytest.mark.parametrize("package", [*PACKAGES, "device_agents.agent", "protran.cli.main"])
def test_importing_a_package_loads_nothing_heavy(package) -> None:
    code = f"import sys, {package}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("word", ["pickle.load", "torch.load", "yaml.load(", "eval(", "shell=True"])
def test_nothing_that_runs_what_it_reads(word) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in _sources()
        if word in path.read_text().replace(".eval(", "").replace("ast.literal_eval(", "")
    ]
    assert found == []
