"""Opens the database: SQLite with a write-ahead log, one writer at a time, readers never blocked."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from protran.errors import InputError, LedgerError

BUSY_TIMEOUT_S = 30.0
_WRITES = "protran_writes"
_SQLITE_URL = "sqlite:///"


def path_of(place: Path | str) -> Path:
    """Returns the file of a ledger that is named by a path or by a ``sqlite:///`` URL.

    Raises:
        InputError: the URL is of another database.
    """
    text = str(place)
    if text.startswith(_SQLITE_URL) and len(text) > len(_SQLITE_URL):
        return Path(text[len(_SQLITE_URL) :])
    if "://" in text or text.startswith("sqlite:"):
        raise InputError(f"the ledger must be a file or sqlite:///FILE, got {text.rpartition('@')[2]!r}")
    return Path(place)


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


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One short transaction that may write: all of it is kept, or nothing."""
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees the ledger as it is at one moment."""
    with engine.connect() as connection, connection.begin():
        yield connection


def check_readable(path: Path) -> None:
    """Refuses a ledger on a read-only disk whose last rows are still in the write-ahead log beside it.

    Reading that log needs an index in the same folder, and leaving it out would hide rows.

    Raises:
        LedgerError: that is so.
    """
    log = path.with_name(f"{path.name}-wal")
    if not os.access(path.parent, os.W_OK) and log.is_file() and log.stat().st_size > 0:
        raise LedgerError(f"ledger {path}: its folder cannot be written and its log {log.name} is not empty; copy both")


def _uri(path: Path, read_only: bool) -> str:
    uri = path.absolute().as_uri()
    if not read_only:
        return uri
    # Where nobody can write, the file alone may be read; see `check_readable` for why it must.
    return f"{uri}?{'mode=ro' if os.access(path.parent, os.W_OK) else 'immutable=1'}"
