from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from protran.cli.main import app

COMMANDS = ("search", "status", "list", "pareto", "profile", "space", "task", "doctor")
HEAVY = ("torch", "ray", "matplotlib", "gpytorch", "botorch", "sqlalchemy", "pandas", "sklearn", "pydantic", "numpy")


def python(code: str, *, stdin: Any = None, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=settings,
        timeout=120,
        check=False,
        stdin=stdin,
    )


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert all(command in result.output for command in COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        "search",
        "status",
        "list",
        "pareto",
        "profile",
        "doctor",
        "space list",
        "space show",
        "space sample",
        "space check",
        "task list",
        "task check",
    ],
)
def test_the_help_of_each_command_has_an_example_and_json(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "160"})
    assert result.exit_code == 0
    assert "Example: protran " in result.output
    assert "--json" in result.output


def test_no_command_shows_the_help(run: Callable[..., Any]) -> None:
    ran = run()
    assert ran.code == 0
    assert "Usage: protran" in ran.out


def test_a_group_without_a_command_shows_its_help(run: Callable[..., Any]) -> None:
    ran = run("space")
    assert "sample" in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_the_version_is_that_of_the_package(run: Callable[..., Any]) -> None:
    from importlib.metadata import version

    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"protran {version('protran')}\n")


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("pareto",), ("pareto", "demo", "--nonsense"), ("space", "sample", "x", "-n", "0")]
)
def test_a_wrong_command_line_is_one_sentence_that_names_the_help(
    run: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("protran: ")
    assert " --help" in ran.err


def test_help_imports_nothing_heavy() -> None:
    look = f"print([m for m in {HEAVY} if m in sys.modules])"
    done = python(f"import sys\nfrom protran.cli.main import main\nmain(['--help'])\n{look}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_importing_protran_imports_nothing_heavy() -> None:
    done = python(f"import sys, protran\nprint([m for m in {HEAVY} if m in sys.modules])")
    assert (done.returncode, done.stdout.strip()) == (0, "[]")


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    code = (
        "import os, sys\n"
        "reading, writing = os.pipe()\n"
        "os.close(reading)\n"
        "os.dup2(writing, 1)\n"
        "from protran.cli.main import main\n"
        "sys.exit(main(['--help']))"
    )
    done = python(code)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_only_ascii_still_gets_the_help() -> None:
    done = python(
        "import sys\nfrom protran.cli.main import main\nsys.exit(main(['--help']))",
        PYTHONIOENCODING="ascii",
        PYTHONUTF8="0",
    )
    assert (done.returncode, "search" in done.stdout) == (0, True)


def test_the_module_is_a_command_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "protran.cli.main", "--version"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert done.returncode == 0
