"""A ledger in a file: SQLite with a write-ahead log, one writer at a time, readers never blocked."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from protran.errors import LedgerError
from protran.ledger.database import Database
from protran.ledger.file_lock import FileLock
from protran.ledger.lock import CampaignLock
from protran.ledger.place import LedgerPlace, NoLedgerError
from protran.ledger.records import CampaignRecord

T = TypeVar("T")

BUSY_TIMEOUT_S = 30.0
_WRITES = "protran_writes"


class SqliteDatabase(Database):
    """A file, and beside it its log and the locks of campaigns."""

    def __init__(self, place: LedgerPlace, path: Path, *, read_only: bool = False) -> None:
        super().__init__(place, sqlite_engine(path, read_only=read_only))
        self._path = path

    @classmethod
    def at(cls, place: LedgerPlace, path: Path, *, create: bool, read_only: bool) -> SqliteDatabase:
        """Returns the database of a file; makes its folder where allowed.

        Raises:
            NoLedgerError: there is no such file and none is to be made.
            LedgerError: the folder cannot be made, or the file cannot be read as it lies.
        """
        if not path.is_file() and (read_only or not create):
            raise NoLedgerError(f"there is no ledger at {path}; `protran search` makes one")
        if read_only:
            check_readable(path)
        else:
            _make_folder(path.parent)
        return cls(place, path, read_only=read_only)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write."""
        with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one moment."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def lock(self, campaign: CampaignRecord) -> CampaignLock:
        """Returns the lock of a campaign: a file beside the ledger."""
        return FileLock(self._path.with_name(f"{self._path.name}.campaign-{campaign.id}.lock"), campaign.name)

    def faults(self) -> list[str]:
        """Returns what is wrong with the file's pages, and rows that refer to nothing."""
        return self.read(_faults)

    def _persist(self, run: Callable[[], T]) -> T:
        return run()  # SQLite waits for other processes by itself

    def _before_tables(self) -> None:
        use_write_ahead_log(self.engine)

    def _before_writing(self) -> None:
        """Nothing: the lock of a file cannot be lost."""


def sqlite_engine(path: Path, *, read_only: bool = False) -> Engine:
    """Returns an engine whose connections keep the ledger's promises; it opens nothing yet.

    Source of the choices: https://www.sqlite.org/wal.html and /pragma.html. `synchronous=FULL` waits for the disk at
    each commit: a row costs seconds of measuring or training, a wait costs milliseconds, and without it a power cut
    could lose the last rows that were confirmed (a killed process could not).
    """
    uri = _uri(path, read_only)

    def _connect() -> sqlite3.Connection:
        # Without an isolation level the driver leaves transactions to us. By itself it would begin them as readers,
        # and two readers that both want to write block each other for ever.
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine("sqlite://", creator=_connect, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def use_write_ahead_log(engine: Engine) -> None:
    """Switches the file to a write-ahead log, once in its life; processes that do so at once wait for each other."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    with closing(engine.raw_connection()) as connection:  # outside any transaction, where alone the mode can change
        cursor = connection.cursor()
        while cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            try:
                cursor.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself here: two that upgrade their locks would wait for each other.
                busy = error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def check_readable(path: Path) -> None:
    """Refuses a ledger on a read-only disk whose last rows are still in the write-ahead log beside it.

    Reading that log needs an index in the same folder, and leaving it out would hide rows.

    Raises:
        LedgerError: that is so.
    """
    log = path.with_name(f"{path.name}-wal")
    if not os.access(path.parent, os.W_OK) and log.is_file() and log.stat().st_size > 0:
        raise LedgerError(f"ledger {path}: its folder cannot be written and its log {log.name} is not empty; copy both")


def _faults(connection: Connection) -> list[str]:
    damage = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check")]
    orphans = [f"a row of {row[0]} refers to nothing" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    return [line for line in damage if line != "ok"] + orphans


def _uri(path: Path, read_only: bool) -> str:
    uri = path.absolute().as_uri()
    if not read_only:
        return uri
    # Where nobody can write, the file alone may be read; see `check_readable` for why it must.
    return f"{uri}?{'mode=ro' if os.access(path.parent, os.W_OK) else 'immutable=1'}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"cannot make the folder {folder} ({error.strerror}); make its parent writable or choose another folder"
        ) from error
