from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from protran.errors import LedgerError
from protran.ledger.engine import sqlite_engine, writing
from protran.ledger.ledger import Ledger
from protran.ledger.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, bring_up, stored_version


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def made(path: Path) -> Path:
    Ledger.open(path).close()
    return path


def add_a_column(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE candidates ADD COLUMN remark TEXT")


def fail_half_way(connection: Connection) -> None:
    add_a_column(connection)
    raise LedgerError("this step fails")


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))


def test_a_new_ledger_says_whose_file_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(made(tmp_path / "l.sqlite"))) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("SELECT version FROM schema_versions").fetchall() == [(SCHEMA_VERSION,)]


def test_an_older_ledger_is_brought_up_step_by_step(tmp_path: Path) -> None:
    path = made(tmp_path / "l.sqlite")
    engine = sqlite_engine(path)
    with writing(engine) as connection:
        bring_up(connection, str(path), SCHEMA_VERSION + 1, {SCHEMA_VERSION: add_a_column})
    with writing(engine) as connection:
        assert stored_version(connection, str(path)) == SCHEMA_VERSION + 1
        assert "remark" in {column["name"] for column in inspect(connection).get_columns("candidates")}
    engine.dispose()


def test_a_step_that_fails_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = made(tmp_path / "l.sqlite")
    engine = sqlite_engine(path)
    with pytest.raises(LedgerError, match="this step fails"), writing(engine) as connection:
        bring_up(connection, str(path), SCHEMA_VERSION + 1, {SCHEMA_VERSION: fail_half_way})
    with writing(engine) as connection:
        assert stored_version(connection, str(path)) == SCHEMA_VERSION
        assert "remark" not in {column["name"] for column in inspect(connection).get_columns("candidates")}
    engine.dispose()


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "l.sqlite")
    change(path, f"INSERT INTO schema_versions VALUES ({SCHEMA_VERSION + 6}, 'later')")
    message = rf"written by a newer ProTran \(schema {SCHEMA_VERSION + 6}, this one knows {SCHEMA_VERSION}\)"
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=message):
            Ledger.open(path, read_only=read_only)


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite"
    change(path, "CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is a database, but not a ledger of ProTran"):
        Ledger.open(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    path.touch()
    with Ledger.open(path) as ledger:
        assert ledger.campaigns() == ()


def test_an_empty_file_is_no_ledger_to_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    path.touch()
    with pytest.raises(LedgerError, match="open it once where it can be written"):
        Ledger.open(path, read_only=True)
