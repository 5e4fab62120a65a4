from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from protran.benchmark.comparison import Run, run_method
from protran.benchmark.judge import Judge
from protran.benchmark.pool import PooledTable
from protran.benchmark.run_file import COLUMNS, RunFile, table_key
from protran.errors import InputError


@pytest.fixture
def run(table: PooledTable, judge: Judge) -> Run:
    return run_method(table, judge, "random", 3, 6)


def test_a_kept_run_is_read_again(table: PooledTable, judge: Judge, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    RunFile(path, table).keep(run)
    found = RunFile(path, table).read(judge)
    assert list(found) == [("random", 3)]
    assert found["random", 3].rows == run.rows
    assert found["random", 3].curve == pytest.approx(run.curve)
    assert found["random", 3].search_s == pytest.approx(run.search_s, abs=1e-4)


def test_there_is_a_heading_and_a_line_per_evaluation(table: PooledTable, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    for _ in range(2):
        RunFile(path, table).keep(run)
    lines = path.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 13


def test_without_a_file_nothing_is_there(table: PooledTable, judge: Judge, tmp_path: Path) -> None:
    assert RunFile(tmp_path / "runs.csv", table).read(judge) == {}


def test_a_longer_run_replaces_a_shorter_one(table: PooledTable, judge: Judge, run: Run, tmp_path: Path) -> None:
    file = RunFile(tmp_path / "runs.csv", table)
    file.keep(run)
    file.keep(run_method(table, judge, "random", 3, 9))
    assert len(file.read(judge)["random", 3].rows) == 9


def test_runs_of_another_table_do_not_count(table: PooledTable, judge: Judge, run: Run, tmp_path: Path) -> None:
    other = replace(table, observed=table.observed * 2.0)
    assert table_key(other) != table_key(table)
    RunFile(tmp_path / "runs.csv", other).keep(run)
    assert RunFile(tmp_path / "runs.csv", table).read(judge) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("hv_fraction", "worth"), "expected the columns"),
        (lambda text: text.replace("random", "sorcery"), "known methods"),
        (lambda text: text.replace(",3,2,", ",3,7,"), "expected evaluation 2, got 7"),
        (lambda text: text.replace(",3,2,", ",3,two,"), "expected a run's numbers"),
    ],
)
def test_a_damaged_file_is_refused(change, words: str, table, judge, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    RunFile(path, table).keep(run)
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError, match=words):
        RunFile(path, table).read(judge)


def test_a_file_that_cannot_be_written_is_refused(table: PooledTable, run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file"):
        RunFile(tmp_path / "no" / "runs.csv", table).keep(run)
