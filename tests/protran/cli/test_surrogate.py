from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from protran.cli.surrogate import progress_bar
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty encoders whose latency is a whole number of milliseconds."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["architecture", "latency_s", "energy_j"])
    for number, candidate in enumerate(sample(load_space("flexibert-v2"), 20, SamplingMethod.SOBOL, 0)):
        cell = json.dumps(candidate.architecture.to_json())
        writer.writerow([cell, len(candidate.architecture.layers) / 1000, 1 + number % 3])
    path = tmp_path_factory.mktemp("tables") / "board.csv.gz"
    path.write_bytes(gzip.compress(text.getvalue().encode()))
    return path


def evaluate(run: Run, table: Path, *more: str) -> Any:
    usual = ("surrogate", "evaluate", "--profiles", str(table), "--space", "flexibert-v2", "--repeats", "2")
    return run(*usual, *more)


def test_the_json_is_one_object_for_the_asked_models_targets_and_sizes(run: Run, table: Path) -> None:
    ran = evaluate(run, table, "--model", "gp", "--target", "latency_s", "--train", "4,1.0", "--json")
    assert (ran.code, ran.err) == (0, "")
    told = json.loads(ran.out)
    assert told["table"] == "board"
    assert [(r["model"], r["target"], r["train"], r["test"], r["repeats"]) for r in told["results"]] == [
        ("gp", "latency_s", 4, 4, 2),
        ("gp", "latency_s", 16, 4, 2),
    ]
    assert set(told["results"][0]["metrics"]) == {
        *("nmse", "mape", "within10", "tau", "nll", "coverage90", "width90", "fit_s", "predict_s")
    }


def test_targets_may_be_parted_by_commas_or_repeated(run: Run, table: Path) -> None:
    told = [
        json.loads(evaluate(run, table, "--train", "4", "--model", "gp", *targets, "--json").out)["results"]
        for targets in (("--target", "energy_j,latency_s"), ("--target", "energy_j", "--target", "latency_s"))
    ]
    assert [[r["target"] for r in results] for results in told] == [["energy_j", "latency_s"]] * 2


def test_the_table_names_targets_rows_and_what_auto_picked(run: Run, table: Path) -> None:
    ran = evaluate(run, table, "--train", "6", "--repeats", "1")
    assert (ran.code, ran.err) == (0, "")
    for words in ("board: 20 rows, 1 split with 4 test rows each", "latency_s", "energy_j", "auto with 6 rows: "):
        assert words in ran.out


def test_the_table_fits_into_eighty_characters(run: Run, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = [line for line in evaluate(run, table, "--train", "6", "--model", "gp").out.splitlines() if "gp" in line]
    assert len(rows) == 2
    assert not any("…" in row for row in rows)


def test_a_picture_is_drawn_and_named(run: Run, table: Path, tmp_path: Path) -> None:
    path = tmp_path / "errors.png"
    ran = evaluate(run, table, "--train", "4,6", "--model", "gp", "--picture", str(path))
    assert f"drawn: {path}" in ran.out
    assert path.stat().st_size > 10_000


def test_a_bar_counts_the_fits_on_a_terminal_alone() -> None:
    seen = {}
    for terminal in (False, True):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
        with progress_bar(console) as observer:
            if observer is not None:
                observer(3, 7)
        seen[terminal] = console.file.getvalue()  # type: ignore[attr-defined]
    assert seen[False] == ""
    assert "3/7" in seen[True]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--sources", "other.csv.gz"), "--sources is not supported yet"),
        (("--train", "4,,8"), "--train: expected words parted by commas"),
        (("--train", "17"), "2 to 16 rows (the training part), got 17"),
        (("--model", "oracle"), "expected models among auto, gp"),
        (("--target", "speed"), "expected a column 'speed'"),
        (("--train", "4", "--picture", "errors.gif"), "a picture must end in .png"),
        (("--test-fraction", "0.01"), "at least 2 of 20 rows on both sides"),
        (("--space", "edge-small"), "board.csv.gz:2: the architecture is not in edge-small"),
        (("--space", "gpt-small"), "family must be decoder, got encoder"),
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(run: Run, table: Path, more: tuple[str, ...], words: str) -> None:
    ran = evaluate(run, table, *more)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
