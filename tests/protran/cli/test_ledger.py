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

from protran.cli.ledger_bar import rows_bar
from protran.ledger.ledger import Ledger
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

Run = Callable[..., Any]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three encoders, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["architecture", "latency_s", "energy_j"])
    for number, candidate in enumerate(sample(load_space("flexibert-v2"), 3, SamplingMethod.SOBOL, 0), start=1):
        writer.writerow([json.dumps(candidate.architecture.to_json()), number / 1000, number if number > 1 else ""])
    path = tmp_path / "board.csv.gz"
    path.write_bytes(gzip.compress(text.getvalue().encode()))
    return path


def bring(run: Run, *more: str, table: str = "board.csv.gz", space: str = "flexibert-v2") -> Any:
    return run("ledger", "import", table, "--space", space, *more)


def test_an_import_says_what_it_added_and_again_that_it_added_nothing(run: Run, table: Path) -> None:
    ran = bring(run, "--device", "board")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "board: 3 rows imported into runs/ledger.sqlite (latency_s of 3, energy_j of 2)\n"
    again = bring(run, "--device", "board")
    assert (again.code, again.out) == (0, "board: board.csv.gz is there already, 3 rows; nothing added\n")


def test_the_json_is_one_object_with_the_origin(run: Run, table: Path) -> None:
    more = ("--batch-size", "8", "--per-sequence", "--sequence", "64", "--ledger", "own.sqlite", "--json")
    told = json.loads(bring(run, "--device", "board", *more).out)
    assert (told["device"], told["file"], told["rows"], told["added"]) == ("board", "board.csv.gz", 3, 3)
    assert (told["workload"], told["input_spec"]["length"], len(told["sha256"])) == ({"batch_size": 8}, 64, 64)
    with Ledger.open("own.sqlite", read_only=True) as ledger:
        values = [row.measurement.values["latency_s"].value for row in ledger.measured_rows(10)["imported:board"]]
    assert sorted(value or 0.0 for value in values) == pytest.approx([0.008, 0.016, 0.024])


def test_a_task_says_what_encoders_read(run: Run, table: Path) -> None:
    told = json.loads(bring(run, "--device", "board", "--task", "watch", "--json").out)
    assert (told["input_spec"]["kind"], told["input_spec"]["length"]) == ("windows", 151)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--device", "local"), "expected a name of its own for the table's device, got 'local'"),
        (("--device", "../x"), "a device's name must be"),
        (("--device", "board", "--task", "nothing"), "unknown task 'nothing'"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence_and_no_ledger_is_made(
    run: Run, table: Path, more: tuple[str, ...], words: str
) -> None:
    ran = bring(run, *more)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert not Path("runs").exists()


def test_an_absent_table_or_one_of_another_space_is_one_sentence(run: Run, table: Path) -> None:
    ran = bring(run, "--device", "board", table="other.csv.gz")
    assert (ran.code, ran.out) == (2, "")
    assert "other.csv.gz: expected a table of measurements, got no such file" in ran.err
    ran = bring(run, "--device", "board", space="edge-small")
    assert (ran.code, ran.out) == (2, "")
    assert "board.csv.gz:2: the architecture is not in edge-small" in ran.err


def test_a_sound_ledger_is_said_to_be_sound(run: Run, table: Path) -> None:
    bring(run, "--device", "board")
    ran = run("ledger", "check")
    assert (ran.code, ran.out, ran.err) == (0, "runs/ledger.sqlite is sound\n", "")
    assert json.loads(run("ledger", "check", "--json").out)["faults"] == []


def test_a_damaged_ledger_ends_with_1_and_names_the_fault(
    run: Run, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(run, "--device", "board")
    monkeypatch.setattr(Ledger, "check", lambda self: ["a row of requests refers to nothing"])
    ran = run("ledger", "check", "--json")
    assert (ran.code, json.loads(ran.out)["sound"]) == (1, False)
    assert "is damaged: a row of requests refers to nothing; restore a copy" in ran.err


def test_an_absent_ledger_is_one_sentence(run: Run, table: Path) -> None:
    ran = run("ledger", "check")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_a_bar_counts_the_rows_on_a_terminal_alone() -> None:
    seen = {}
    for terminal in (False, True):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
        with rows_bar(console) as observer:
            if observer is not None:
                observer("recording", 500, 1000)
        seen[terminal] = console.file.getvalue()  # type: ignore[attr-defined]
    assert seen[False] == ""
    assert "recording" in seen[True]
    assert "500/1000" in seen[True]
