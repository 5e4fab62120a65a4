"""What a search of the table could reach, on the table as it is."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.row_file import read_rows
from benchmarks.search_bound import Reached
from benchmarks.watch_table import __main__ as program
from benchmarks.watch_table import bound
from protran.benchmark.judge import Judge
from protran.benchmark.pool import read_pool
from protran.tasks.watch import WatchTask
from search_spaces.space import load_space


def test_who_knows_all_reaches_most_and_who_knows_the_trend_more_than_chance(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bound, "SEEDS", 1)
    assert program.main(["bound", "--results", str(tmp_path)]) == 0
    assert "| watch | error trend | 1 |" in capsys.readouterr().out
    found = {(row.known, row.evaluations): row.fraction for row in read_rows(Reached, tmp_path / "watch_bound.csv")}
    table = read_pool(program.FOLDER / "watch.csv", load_space("edge-small"), bound.OBJECTIVES, WatchTask().input_spec)
    chance = Judge(table.smooth).curve(list(np.random.default_rng(0).permutation(len(table.pool))[:60]))
    for count in bound.EVALUATIONS:
        assert chance[count - 1] < found["error trend", count] < found["all", count]
    assert found["all", 20] == pytest.approx(1.0, abs=0.01)


def test_without_a_table_it_is_one_sentence(tmp_path: Path, capsys):
    assert program.main(["bound", "--out", str(tmp_path), "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: ")
