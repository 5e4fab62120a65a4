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

from protran.cli.bench import progress_bar
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty encoders: deep ones are slow and use little of something else."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["architecture", "latency_s", "loss", "latency_s_smooth", "loss_smooth"])
    for number, candidate in enumerate(sample(load_space("flexibert-v2"), 30, SamplingMethod.SOBOL, 0)):
        depth = len(candidate.architecture.layers)
        values = depth + number / 100, 10 / depth + number % 7
        writer.writerow([json.dumps(candidate.architecture.to_json()), *(1.01 * value for value in values), *values])
    path = tmp_path_factory.mktemp("tables") / "board.csv.gz"
    path.write_bytes(gzip.compress(text.getvalue().encode()))
    return path


def search(run: Run, table: Path, *more: str) -> Any:
    usual = ("bench", "search", "--table", str(table), "--space", "flexibert-v2", "--objectives", "latency_s,loss")
    return run(*usual, "--seeds", "2", "--methods", "random,sobol", "--evaluations", "4,8", *more)


def test_the_json_is_one_object_for_the_asked_methods_and_evaluations(run: Run, table: Path) -> None:
    ran = search(run, table, "--json")
    assert (ran.code, ran.err) == (0, "")
    told = json.loads(ran.out)
    assert (told["table"], told["objectives"]) == ("board", ["latency_s", "loss"])
    assert [(r["method"], r["evaluations"], r["seeds"]) for r in told["results"]] == [
        ("random", 4, 2),
        ("random", 8, 2),
        ("sobol", 4, 2),
        ("sobol", 8, 2),
    ]
    assert set(told["results"][0]) == {"method", "evaluations", "seeds", "hv_fraction", "search_s"}
    assert all(0 <= r["hv_fraction"]["mean"] <= 1 and set(r["hv_fraction"]) == {"mean", "std"} for r in told["results"])


def test_without_json_a_table_is_printed(run: Run, table: Path) -> None:
    ran = search(run, table)
    assert ran.code == 0
    assert "board: 30 rows, latency_s, loss, 2 seeds" in ran.out
    assert [line.split()[:2] for line in ran.out.splitlines() if line.startswith(("random", "sobol"))] == [
        ["random", "4"],
        ["random", "8"],
        ["sobol", "4"],
        ["sobol", "8"],
    ]


def test_runs_in_the_results_file_are_not_repeated(run: Run, table: Path, tmp_path: Path) -> None:
    kept = tmp_path / "runs.csv"
    first = search(run, table, "--results", str(kept), "--json")
    text = kept.read_text()
    assert len(text.splitlines()) == 1 + 2 * 2 * 8
    again = search(run, table, "--results", str(kept), "--json")
    assert kept.read_text() == text
    fractions = [[r["hv_fraction"] for r in json.loads(ran.out)["results"]] for ran in (first, again)]
    assert fractions[0] == fractions[1]


def test_the_curves_are_drawn(run: Run, table: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "curves.png"
    ran = search(run, table, "--picture", str(drawn))
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert "drawn: " in ran.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--methods", "sorcery"), "expected methods among protran, random"),
        (("--methods", "random,,sobol"), "--methods: expected words parted by commas"),
        (("--evaluations", "4,many"), "--evaluations: expected whole numbers"),
        (("--evaluations", "31"), "from 1 to 30, the rows of board"),
        (("--objectives", "beauty"), "expected a column 'beauty'"),
        (("--picture", "curves.gif"), "must end in .png"),
        (("--input", "text"), "--input must be one of tokens, windows"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run: Run, table: Path, more: tuple[str, ...], words: str) -> None:
    ran = search(run, table, *more)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_bar_is_drawn_on_a_terminal_alone() -> None:
    plain, terminal = Console(file=io.StringIO()), Console(file=io.StringIO(), force_terminal=True, width=80)
    with progress_bar(plain, 4) as observer:
        assert observer is None
    with progress_bar(terminal, 4) as observer:
        assert observer is not None
        observer(4)
    assert "4/4" in terminal.file.getvalue()
