"""Bad input to the real program, nothing replaced: one clear sentence, an exit code, no traceback, nothing lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from protran.ledger.ledger import Ledger

LAYER = {"hidden": 16, "heads": ["sa_sdp"], "feed_forward": [16]}


def _refused(ran, code: int, *words: str) -> None:
    assert ran.code == code, ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert "Traceback" not in ran.err + ran.out
    for word in words:
        assert word in ran.err


def _candidate(tmp_path: Path, **genes) -> str:
    path = tmp_path / "candidate.json"
    path.write_text(json.dumps({"architecture": {"layers": [{**LAYER, **genes}]}}))
    return str(path)


def test_an_unknown_gene_is_named(run, tmp_path) -> None:
    _refused(run("profile", _candidate(tmp_path, hiden=16)), 2, "unknown gene 'hiden'", "layer 1")


def test_an_impossible_space_is_refused_before_anything_is_made(run, tmp_path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text(
        "name: impossible\nlayers: [1]\nhidden: [8]\nheads: [4]\nhead_kinds: [sa_sdp]\nstacks: [1]\n"
        "feed_forward: [16]\nconditions:\n  - hidden >= 100\n"
    )
    ran = run("search", "--space", str(space), "--name", "x", "--runs", str(tmp_path / "runs"))
    _refused(ran, 2, "space.yaml:8", "the space is empty", "hidden >= 100")
    assert json.loads(run("list", "--runs", str(tmp_path / "runs"), "--json").out) == {"campaigns": []}


def test_a_space_of_decoders_is_refused_for_a_task_that_classifies(run, tmp_path) -> None:
    ran = run("search", "--name", "x", "--space", "gpt-small", "--dispatcher", "inline", "--runs", str(tmp_path))
    _refused(ran, 2, "the task watch needs a space of encoders", "gpt-small holds decoders", "protran space list")


def test_a_training_step_in_int8_is_refused_before_anything_is_made(run, tmp_path) -> None:
    int8 = ("--precision", "int8-dynamic", "--runtime", "onnxruntime")
    _refused(run("profile", _candidate(tmp_path), "--workload", "training-step", *int8), 2, "workload", "torch")
    space = tmp_path / "space.yaml"
    space.write_text(
        "name: int8\nlayers: [1]\nhidden: [8]\nheads: [1]\nhead_kinds: [sa_sdp]\nstacks: [1]\nfeed_forward: [16]\n"
        "deployments: [{precision: int8-dynamic, runtime: onnxruntime}]\n"
    )
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(f"name: x\nspace: {space}\ntask: watch\nworkload: {{kind: training-step}}\n")
    ran = run("search", str(campaign), "--dispatcher", "inline", "--runs", str(tmp_path / "runs"))
    _refused(ran, 2, "workload", "torch")


def test_the_memory_of_a_training_step_is_no_objective(run, tmp_path) -> None:
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(
        "name: x\nspace: edge-small\ntask: watch\nworkload: {kind: training-step}\nobjectives: [error, memory]\n"
    )
    _refused(run("search", str(campaign), "--runs", str(tmp_path)), 2, "leave memory out of objectives and budgets")


def test_a_dispatcher_that_is_not_known_is_refused_before_anything_is_made(run, tmp_path) -> None:
    ran = run("search", "--name", "x", "--dispatcher", "rya", "--runs", str(tmp_path / "runs"))
    _refused(ran, 2, "'rya'", "'ray', 'inline'")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["ledger.sqlite", "LOG.md", "example"])
def test_a_campaign_named_as_a_file_of_the_runs_folder_is_refused_before_anything_is_made(run, tmp_path, name) -> None:
    ran = run("search", "--name", name, "--dispatcher", "inline", "--runs", str(tmp_path / "runs"))
    _refused(ran, 2, repr(name), "files of the runs folder", "choose another")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", [("task", "check"), ("search", "--name", "x", "--dispatcher", "inline", "--task")])
def test_an_option_for_csv_files_is_refused_with_an_npz(run, tmp_path, monkeypatch, command) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("windows.npz", X=np.zeros((12, 1, 8), dtype=np.float32), y=np.arange(12) % 2)
    _refused(run(*command, "windows.npz", "--task-option", "label=foo"), 2, "windows.npz", "option label", ".csv")
    assert json.loads(run("list", "--json").out) == {"campaigns": []}


def test_a_budget_in_parsecs_is_answered_with_the_units_that_there_are(run, tmp_path) -> None:
    ran = run("search", "--name", "x", "--budget", "latency<=20 parsecs", "--runs", str(tmp_path))
    _refused(ran, 2, "latency<=20 parsecs", "one of ns, us, ms, s")


@pytest.mark.parametrize("command", [("pareto", "nothing"), ("status", "nothing")])
def test_an_absent_run_is_one_sentence_that_says_how_to_start_one(run, tmp_path, command) -> None:
    _refused(run(*command, "--runs", str(tmp_path / "runs")), 2, "'nothing'", "protran search")


def test_a_folder_that_cannot_be_written_is_one_sentence(run) -> None:
    _refused(run("search", "--name", "x", "--runs", "/proc/protran"), 1, "/proc/protran", "choose another")


@pytest.mark.slow
def test_a_candidate_that_does_not_fit_in_memory_is_one_sentence(run, tmp_path) -> None:
    huge = _candidate(tmp_path, hidden=100_000, feed_forward=[400_000])
    _refused(run("profile", huge), 1, "memory")


def test_a_csv_without_the_label_column_is_refused_with_the_columns_that_it_has(run, tmp_path) -> None:
    (tmp_path / "steps.csv").write_text("x,y,activity\n" + "0.1,0.2,walk\n" * 300)
    ran = run("search", "--name", "x", "--task", str(tmp_path / "steps.csv"), "--runs", str(tmp_path / "runs"))
    _refused(ran, 2, "steps.csv", "'label'", "activity")


def test_another_configuration_under_a_known_name_is_refused_and_changes_nothing(run, tmp_path) -> None:
    from protran.campaign.charter import write_charter
    from protran.campaign.problem import Device
    from protran.config import config_from_arguments

    config = config_from_arguments({"name": "x", "space": "edge-small", "task": "watch", "effort": "demo"})
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.create_campaign("x", write_charter(config, [Device("local", "0123")]), 0)
    _refused(run("search", "--name", "x", "--seed", "7", "--runs", str(tmp_path)), 2, "seed", "another --name")
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.campaign("x").config["config"]["seed"] == 0
