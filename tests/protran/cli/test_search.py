from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from protran.campaign.events import Note
from protran.carbon.hours import LowHours
from protran.cli.main import app

Run = Callable[..., Any]


def test_the_first_command_needs_nothing_but_a_name(run: Run, api: Any) -> None:
    ran = run("search", "--name", "demo")
    config = api.asked["config"]
    assert ran.code == 0
    assert (config.name, config.space, config.task.source, config.devices) == ("demo", "edge-small", "watch", ["local"])
    assert config.effort.preset.value == "demo"


def test_a_name_is_made_of_space_and_task_where_none_is_given(run: Run, api: Any, tmp_path: Path) -> None:
    run("search")
    assert api.asked["config"].name == "edge-small-watch"


def test_a_name_that_is_made_is_valid_whatever_the_file_of_the_task_is_called(run: Run, api: Any) -> None:
    assert run("search", "--task", "my data (1).csv").code == 0
    assert api.asked["config"].name == "edge-small-my-data-1"


def test_a_name_that_was_given_is_not_mended(run: Run, api: Any) -> None:
    assert run("search", "--name", "my data").code == 2
    assert api.asked == {}


def test_the_help_says_which_defaults_hold_with_a_campaign_file_and_which_without(run: Run) -> None:
    told = " ".join(CliRunner().invoke(app, ["search", "--help"], env={"COLUMNS": "400"}).output.split())
    assert "(default without a file: demo; with a file that names none: standard)" in told
    assert "(default without a file: edge-small)" in told
    assert "(default without a file: watch)" in told
    assert "(default without a file: made from space and task)" in told


def test_every_option_reaches_the_campaign(run: Run, api: Any, tmp_path: Path) -> None:
    run(
        *("search", "--name", "x", "--space", "flexibert-v2", "--task", "steps.csv", "--task-option", "label=activity"),
        *("--device", "pi", "--device", "jetson", "--objective", "error,latency", "--objective", "memory"),
        *("--budget", "latency<=20ms", "--effort", "quick", "--seed", "7", "--proposer", "random"),
        *("--runs", str(tmp_path), "--dispatcher", "inline"),
    )
    config = api.asked["config"]
    assert (config.space, config.devices, config.seed, config.proposer.value) == (
        "flexibert-v2",
        ["pi", "jetson"],
        7,
        "random",
    )
    assert (config.task.source, config.task.options) == ("steps.csv", {"label": "activity"})
    assert (config.objectives, config.budgets) == (["error", "latency", "memory"], ["latency<=20ms"])
    assert config.effort.preset.value == "quick"
    assert (api.asked["runs"], api.asked["dispatcher"]) == (tmp_path, "inline")


def test_ways_of_deployment_and_distillation_reach_the_campaign(run: Run, api: Any) -> None:
    run("search", "--deploy", "int8,pruned", "--deploy", "onnx", "--distil")
    assert (api.asked["config"].deploy, api.asked["config"].distil) == (["onnx", "int8", "pruned"], True)


def test_options_on_deployment_and_distillation_win_over_a_campaign_file(run: Run, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text("name: x\nspace: edge-small\ntask: watch\ndeploy: [int8, pruned]\ndistil: true\n", encoding="utf-8")
    run("search", str(path))
    assert (api.asked["config"].deploy, api.asked["config"].distil) == (["int8", "pruned"], True)
    run("search", str(path), "--deploy", "bf16", "--no-distil")
    assert (api.asked["config"].deploy, api.asked["config"].distil) == (["bf16"], False)


def test_an_unknown_way_of_deployment_is_bad_input_and_one_sentence(run: Run, api: Any) -> None:
    ran = run("search", "--deploy", "int9")
    assert (ran.code, api.asked) == (2, {})
    assert "got 'int9'; did you mean int8?" in " ".join(ran.err.split())


def test_the_help_explains_ways_of_deployment(run: Run) -> None:
    told = " ".join(CliRunner().invoke(app, ["search", "--help"], env={"COLUMNS": "400"}).output.split())
    assert "layers lose a quarter or half of their heads" in told
    assert "--no-distil" in told


@pytest.fixture
def grid(tmp_path: Path) -> str:
    path = tmp_path / "grid.csv"
    path.write_text("hour,g_per_kwh\n" + "".join(f"{hour},{100 + hour}\n" for hour in range(24)), encoding="utf-8")
    return str(path)


def test_low_carbon_hours_reach_the_campaign_and_are_no_part_of_its_configuration(
    run: Run, api: Any, grid: str
) -> None:
    run("search", "--name", "demo")
    assert api.asked["carbon_schedule"] is None
    plain = api.asked["config"]
    run("search", "--name", "demo", "--carbon-schedule", grid, "--carbon-hours", "3", "--carbon-zone", "Asia/Tokyo")
    hours = api.asked["carbon_schedule"]
    assert isinstance(hours, LowHours)
    assert (hours.schedule.g_per_kwh[0], hours.count, str(hours.zone)) == (100.0, 3, "Asia/Tokyo")
    assert api.asked["config"] == plain


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--carbon-hours", "25"), "between 1 and 24, got 25"),
        (("--carbon-zone", "Mars/Olympus"), "such as Europe/Berlin, got 'Mars/Olympus'"),
    ],
)
def test_hours_that_cannot_be_are_one_sentence_and_start_nothing(
    run: Run, api: Any, grid: str, options: tuple[str, ...], sentence: str
) -> None:
    ran = run("search", "--carbon-schedule", grid, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert sentence in ran.err
    assert api.asked == {}


def test_options_win_over_the_campaign_file(run: Run, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text("name: filed\nspace: edge-small\ntask: watch\nseed: 3\n")
    run("search", str(path), "--seed", "5")
    config = api.asked["config"]
    assert (config.name, config.seed, config.effort.preset.value) == ("filed", 5, "standard")


def test_the_end_is_a_table_and_the_next_commands(run: Run, api: Any) -> None:
    api.events = (Note("hello"),)
    ran = run("search", "--name", "demo")
    assert "note: hello" in ran.out
    assert "1.000 ± 0.020" in ran.out
    assert "protran pareto demo --budget 'latency<=3ms'" in ran.out


def test_json_is_alone_on_standard_output(run: Run, api: Any) -> None:
    api.events = (Note("hello"),)
    ran = run("search", "--name", "demo", "--json")
    assert json.loads(ran.out)["candidates"] == api.document["candidates"]
    assert "note: hello" in ran.err


def test_the_place_of_the_picture_is_told_where_there_is_one(run: Run, api: Any, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "front.png").write_bytes(b"")
    assert f"Picture: {tmp_path}/demo/front.png" in run("search", "--name", "demo", "--runs", str(tmp_path)).out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--budget", "latency<=20 parsecs"), "unit of latency must be one of ns, us, ms, s; got 'parsecs'"),
        (("--name", "../../x"), "name must be"),
        (("--name", "a[red]\x1b[2J"), "name must be"),
        (("--objective", "beauty"), "quantity must be one of"),
        (("--effort", "heroic"), "effort"),
        (("--proposer", "oracle"), "proposer"),
        (("--dispatcher", "rya"), "'rya' is not one of 'ray', 'inline'"),
        (("--seed", "-1"), "seed"),
        (("--task-option", "label=x"), "--task-option needs --task"),
        (("absent.yaml",), "absent.yaml"),
        (("--carbon-schedule", "absent.csv"), "absent.csv: expected a CSV file of hours"),
        (("--carbon-hours", "3"), "--carbon-hours needs a file of hours"),
    ],
)
def test_bad_input_is_one_sentence_and_starts_nothing(
    run: Run, api: Any, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = run("search", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert sentence in ran.err
    assert "\x1b" not in ran.err
    assert api.asked == {}


def test_an_earlier_campaign_is_solved_again_with_what_is_given_alone(run: Run, api: Any) -> None:
    run("search", "--from", "demo", "--name", "demo-pi", "--device", "pi", "--budget", "latency<=3ms")
    asked = {name: api.asked[name] for name in ("config", "origin", "name", "devices", "budgets")}
    assert asked == {
        "config": None,
        "origin": "demo",
        "name": "demo-pi",
        "devices": ["pi"],
        "budgets": ["latency<=3ms"],
    }
    assert "space" not in api.asked


def test_solving_again_needs_a_name(run: Run, api: Any) -> None:
    ran = run("search", "--from", "demo", "--device", "pi")
    assert (ran.code, ran.out) == (2, "")
    assert "--from needs a name for the new campaign, got none; add --name, for example demo-2" in ran.err


def test_an_effort_in_grams_takes_the_grid_from_the_options(run: Run, api: Any) -> None:
    run("search", "--effort", "demo,5 gCO2e", "--country", "DE", "--pue", "1.2", "--estimate-energy")
    config = api.asked["config"]
    assert config.effort.co2e_g == 5
    assert (config.grid.country, config.grid.pue, config.grid.estimate_energy) == ("DE", 1.2, True)


def test_an_estimate_without_a_grid_is_refused(run: Run, api: Any) -> None:
    ran = run("search", "--estimate-energy")
    assert (ran.code, ran.out) == (2, "")
    assert "--estimate-energy needs a grid, got none" in ran.err
