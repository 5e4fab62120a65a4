"""Rows that outlive the process that wrote them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from protran.errors import InputError
from protran.studies.errors import StudyError
from protran.studies.row_log import RowLog, read_log


@dataclass(frozen=True)
class Row:
    name: str
    count: int
    value: float


ROWS = [Row("a", 1, 0.5), Row("b, with a comma", 2, 0.25)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "rows.csv"


def filled(path):
    with RowLog(Row, path) as log:
        for row in ROWS:
            log.append(row)


def test_what_was_appended_is_read_again_and_added_to(path):
    filled(path)
    with RowLog(Row, path) as log:
        assert log.rows == ROWS
        log.append(Row("c", 3, 1.0))
    assert read_log(Row, path) == [*ROWS, Row("c", 3, 1.0)]


def test_a_half_written_last_line_is_dropped_and_the_next_row_stands_on_a_line_of_its_own(path):
    filled(path)
    path.write_bytes(path.read_bytes()[:-4])
    assert read_log(Row, path) == ROWS[:1]
    with RowLog(Row, path) as log:
        assert log.rows == ROWS[:1]
        log.append(ROWS[1])
    assert read_log(Row, path) == ROWS


@pytest.mark.parametrize("content", ["", "name,cou"])
def test_a_file_without_a_whole_header_begins_anew(path, content):
    path.parent.mkdir()
    path.write_text(content)
    filled(path)
    assert read_log(Row, path) == ROWS


def test_no_file_is_no_rows(path):
    assert read_log(Row, path) == []


def test_what_is_no_number_is_an_empty_cell(path):
    with RowLog(Row, path) as log:
        log.append(Row("a", 1, math.nan))
    assert path.read_text() == "name,count,value\na,1,\n"
    assert math.isnan(read_log(Row, path)[0].value)


def test_a_text_of_several_lines_becomes_one_line(path):
    with RowLog(Row, path) as log:
        log.append(Row("a\nb", 1, 1.0))
    assert read_log(Row, path)[0].name == "a b"


def test_a_row_is_in_the_file_before_the_log_is_closed(path):
    with RowLog(Row, path) as log:
        log.append(ROWS[0])
        assert read_log(Row, path) == ROWS[:1]


def test_two_logs_of_one_file_are_refused(path):
    with RowLog(Row, path), pytest.raises(InputError, match="another process appends to it"), RowLog(Row, path):
        pass


def test_other_columns_are_refused(path):
    path.parent.mkdir()
    path.write_text("name,value\na,1\n")
    with pytest.raises(InputError, match="expected the columns name,count,value"):
        read_log(Row, path)


@pytest.mark.parametrize("line", ["a,one,1", "a,1", "a,1,1,1"])
def test_a_damaged_line_in_the_middle_is_told_with_its_number(path, line):
    path.parent.mkdir()
    path.write_text(f"name,count,value\n{line}\nb,2,2\n")
    with pytest.raises(InputError, match=r"rows\.csv:2: expected a row of Row"):
        read_log(Row, path)


def test_a_full_disk_is_one_sentence(path, monkeypatch):
    with RowLog(Row, path) as log:
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(StudyError, match="No space left on device; make room on the disk and repeat the command"):
            log.append(ROWS[0])
