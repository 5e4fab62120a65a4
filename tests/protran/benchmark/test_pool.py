from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest

from protran.benchmark.pool import OpenRows, PooledTable, read_pool
from protran.errors import InputError
from protran.evaluate.table_rows import INPUTS
from search_spaces.encoding import Encoding
from search_spaces.space import DesignSpace

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def rewritten(source: Path, target: Path, change) -> Path:
    lines = gzip.decompress(source.read_bytes()).decode().splitlines()
    target.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")
    return target


def test_measured_and_smooth_values_are_kept_apart(table: PooledTable) -> None:
    assert (table.name, len(table.pool)) == ("board", 40)
    assert table.observed.shape == table.smooth.shape == (40, 4)
    ratio = table.observed / table.smooth
    assert 0.0 < np.abs(ratio[:, 0] - 1.0).mean() < 0.002 < np.abs(ratio[:, 3] - 1.0).mean() < 0.2


def test_points_are_the_encodings_of_the_rows(table: PooledTable, space: DesignSpace) -> None:
    np.testing.assert_array_equal(table.pool.points, Encoding(space).encode_many(table.pool.candidates))


def test_rows_without_a_value_and_rows_that_repeat_a_candidate_are_left_out(
    table_file: Path, space: DesignSpace, tmp_path: Path
) -> None:
    def change(lines: list[str]) -> list[str]:
        cells = lines[2].rsplit(",", 7)
        cells[1] = ""
        return [*lines[:2], ",".join(cells), *lines[3:], lines[1]]

    found = read_pool(rewritten(table_file, tmp_path / "t.csv", change), space, ["perplexity", "latency_s"])
    assert (len(found.pool), found.pool.objectives) == (39, ("perplexity", "latency_s"))
    assert len({candidate.key for candidate in found.pool.candidates}) == 39


def test_an_objective_without_a_smooth_column_is_refused(table_file: Path, space: DesignSpace, tmp_path: Path) -> None:
    path = rewritten(table_file, tmp_path / "t.csv", lambda lines: [lines[0].replace("_smooth", ""), *lines[1:]])
    with pytest.raises(InputError):
        read_pool(path, space, ["perplexity"])


def test_no_objective_is_refused(table_file: Path, space: DesignSpace) -> None:
    with pytest.raises(InputError, match="one or more objectives"):
        read_pool(table_file, space, [])


def test_a_point_is_snapped_to_the_nearest_open_row() -> None:
    rows = OpenRows(SQUARE)
    assert [rows.snap([0.9, 0.2]) for _ in range(4)] == [1, 3, 0, 2]


def test_of_equally_near_rows_the_first_is_taken() -> None:
    assert OpenRows(SQUARE).snap([0.5, 0.5]) == 0


def test_no_row_is_taken_twice() -> None:
    rows = OpenRows(SQUARE)
    assert (rows.take(2), len(rows), rows.mask.tolist()) == (2, 3, [True, True, False, True])
    with pytest.raises(ValueError, match="nobody asked for"):
        rows.take(2)


def test_no_more_rows_can_be_asked_for_than_are_open() -> None:
    with pytest.raises(ValueError, match="at most 4 rows"):
        OpenRows(SQUARE).check(5)


def test_a_pool_knows_what_its_candidates_read(table_file: Path, space: DesignSpace) -> None:
    assert read_pool(table_file, space, ["perplexity"]).pool.input_spec == INPUTS[space.family]
    told = dataclasses.replace(INPUTS[space.family], length=64)
    assert read_pool(table_file, space, ["perplexity"], told).pool.input_spec == told
