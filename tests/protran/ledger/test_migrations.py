from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, inspect

from protran.errors import LedgerError
from protran.ledger.ledger import Ledger
from protran.ledger.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, bring_up, stored_version
from protran.ledger.schema import metadata, versions

VERSION_1 = Path(__file__).with_name("version_1.sql")
"""What the first version of the schema wrote: a campaign with two requests, one answered, a step and a device."""


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def made(path: Path) -> Path:
    Ledger.open(path).close()
    return path


def columns_of(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}


def indexes_of(connection: Connection, table: str) -> set[str | None]:
    return {index["name"] for index in inspect(connection).get_indexes(table)}


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


def test_an_older_ledger_is_brought_up_step_by_step(ledger: Ledger) -> None:
    database = ledger._database
    database.write(bring_up, "here", SCHEMA_VERSION + 1, {SCHEMA_VERSION: add_a_column})
    assert database.read(stored_version, "here") == SCHEMA_VERSION + 1
    assert "remark" in database.read(columns_of, "candidates")


def test_a_step_that_fails_leaves_the_ledger_as_it_was(ledger: Ledger) -> None:
    database = ledger._database
    with pytest.raises(LedgerError, match="this step fails"):
        database.write(bring_up, "here", SCHEMA_VERSION + 1, {SCHEMA_VERSION: fail_half_way})
    assert database.read(stored_version, "here") == SCHEMA_VERSION
    assert "remark" not in database.read(columns_of, "candidates")


def test_a_ledger_too_old_to_be_read_as_it_is_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    monkeypatch.setattr("protran.ledger.database.OLDEST_READABLE", 2)
    with pytest.raises(LedgerError, match="is of an older version; open it once where it can be written"):
        Ledger.open(path, read_only=True)


def test_a_ledger_of_version_1_is_brought_up_with_all_that_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    with Ledger.open(path, read_only=True) as unchanged:
        rows = [row.measurement for row in unchanged.rows(unchanged.campaign("demo").id)]
        assert unchanged._database.read(stored_version, "here") == 1
    with Ledger.open(path) as ledger:
        assert rows == [row.measurement for row in ledger.rows(ledger.campaign("demo").id)]
        campaign = ledger.campaign("demo")
        assert campaign.seed == 2**62
        assert [row.measurement.values["latency_s"].value for row in ledger.rows(campaign.id) if row.measurement] == [
            0.1
        ]
        assert len(ledger.steps(campaign.id)[0].proposals) == 1
        assert list(ledger.measured_rows(10)) == ["device-1"]
        assert ledger.check() == []
        assert ledger._database.read(indexes_of, "requests") >= {"ix_requests_device_identity"}


def test_a_ledger_that_was_brought_up_has_the_indexes_of_a_new_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    with Ledger.open(tmp_path / "old.sqlite") as old, Ledger.open(tmp_path / "new.sqlite") as new:
        for table in metadata.tables:
            assert old._database.read(indexes_of, table) == new._database.read(indexes_of, table)


def test_a_newer_ledger_is_refused(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        row = {"version": SCHEMA_VERSION + 6, "applied_at": "later"}
        ledger._database.write(lambda connection: connection.execute(insert(versions).values(row)))
    message = rf"written by a newer ProTran \(schema {SCHEMA_VERSION + 6}, this one knows {SCHEMA_VERSION}\)"
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=message):
            Ledger.open(place, read_only=read_only)


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
