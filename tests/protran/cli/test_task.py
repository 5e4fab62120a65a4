from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protran.cli.task_options import parse_options
from protran.errors import InputError

Run = Callable[..., Any]


def steps(path: Path, columns: str = "x,y,activity") -> Path:
    rows = [f"{number % 7},{number % 5},{'walk' if number // 40 % 2 else 'rest'}" for number in range(2000)]
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def test_the_built_in_task_is_listed(run: Run) -> None:
    tasks = json.loads(run("task", "list", "--json").out)["tasks"]
    assert [task["name"] for task in tasks if task["input_spec"]["channels"] == 3] == ["watch", "unimib"]
    assert "watch" in run("task", "list").out


def test_a_task_whose_data_the_user_must_get_says_how(run: Run) -> None:
    tasks = {task["name"]: task["obtaining"] for task in json.loads(run("task", "list", "--json").out)["tasks"]}
    assert (tasks["watch"], "option folder" in tasks["unimib"]) == ("", True)


def test_a_csv_with_a_missing_column_is_one_sentence(run: Run, tmp_path: Path) -> None:
    ran = run("task", "check", str(steps(tmp_path / "steps.csv")), "--task-option", "label=gait")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "column 'gait' is missing" in ran.err


def test_a_csv_of_windows_is_a_task(run: Run, tmp_path: Path) -> None:
    path = str(steps(tmp_path / "steps.csv"))
    options = ("--task-option", "label=activity", "--task-option", "window=20")
    checked = json.loads(run("task", "check", path, *options, "--json").out)
    assert checked["ok"] is True
    assert checked["input_spec"]["length"] == 20
    assert "train" in run("task", "check", path, *options).out


@pytest.mark.parametrize("name", ["nothing", "absent.csv"])
def test_a_task_that_is_not_there_is_one_sentence(run: Run, name: str) -> None:
    ran = run("task", "check", name)
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_options_are_read_by_what_they_are() -> None:
    texts = ["label=1", "window=100", "validation-fraction=0.1", "channels=x, y"]
    assert parse_options(texts) == {"label": "1", "window": 100, "validation_fraction": 0.1, "channels": ["x", "y"]}
    assert parse_options(None) == {}


@pytest.mark.parametrize("texts", [["window"], ["=5"], ["window=1", "window=2"]])
def test_an_option_that_is_not_name_and_value_is_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match="--task-option"):
        parse_options(texts)
