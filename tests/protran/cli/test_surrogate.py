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


def test_the_table_names_targets_rows_and_what_auto_is_made_of(run: Run, table: Path) -> None:
    ran = evaluate(run, table, "--train", "6", "--repeats", "1")
    assert (ran.code, ran.err) == (0, "")
    made_of = "auto for energy_j with 6 rows: gp "
    for words in ("board: 20 rows, 1 split with 4 test rows each", "latency_s", "energy_j", made_of):
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


def slower(table: Path, folder: Path, name: str, wild: int = 0) -> Path:
    """The table of another device, twice as slow; every `wild`-th latency is a fault."""
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(table.read_bytes()).decode())))
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, ("architecture", "latency_s"), extrasaction="ignore")
        writer.writeheader()
        for number, row in enumerate(rows):
            fault = 100 if wild and number % wild == 0 else 1
            writer.writerow({**row, "latency_s": 2.1 * fault * float(row["latency_s"]) * (1 + number / 1000)})
    return folder / name


@pytest.mark.parametrize("repeated", [True, False])
def test_sources_may_follow_the_option_or_repeat_it(run: Run, table: Path, tmp_path: Path, repeated: bool) -> None:
    clean, bad = slower(table, tmp_path, "gpu.csv"), slower(table, tmp_path, "shared.csv", wild=4)
    sources = ("--sources", str(clean), *(("--sources",) if repeated else ()), str(bad))
    told = json.loads(evaluate(run, table, *sources, "--train", "8", "--model", "transfer", "--json").out)
    found = {(r["target"], s["source"]): s["dropped_share"] for r in told["results"] for s in r["sources"]}
    assert found["latency_s", "gpu"] == 0.0
    assert found["latency_s", "shared"] == 1.0
    assert found["energy_j", "gpu"] == 1.0  # it has none


def test_dropped_sources_are_named_with_the_reason(run: Run, table: Path, tmp_path: Path) -> None:
    bad = slower(table, tmp_path, "shared.csv", wild=4)
    ran = evaluate(run, table, "--sources", str(bad), "--train", "8", "--model", "transfer", "--target", "latency_s")
    assert "dropped shared (latency_s, transfer with 8 rows, 100%): contaminated: " in ran.out


def test_a_table_is_no_source_for_itself(run: Run, table: Path) -> None:
    ran = evaluate(run, table, "--sources", str(table))
    assert (ran.code, ran.out) == (2, "")
    assert "which is the evaluated table board itself" in ran.err


def test_probes_may_be_diverse(run: Run, table: Path) -> None:
    random, diverse = (
        json.loads(evaluate(run, table, "--train", "4", "--model", "gp", *more, "--json").out)["results"][0]["metrics"]
        for more in ((), ("--probes", "diverse"))
    )
    assert random["nmse"] != diverse["nmse"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--sources", "other.csv.gz"), "other.csv.gz: cannot be read"),
        (("other.csv.gz",), "name tables of other devices by --sources"),
        (("--model", "transfer"), "expected sources for the model transfer, got none"),
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
