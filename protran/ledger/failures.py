"""Says in one sentence what the database library means."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from protran.errors import LedgerError

# The beginnings of SQLite's names of result codes (https://www.sqlite.org/rescode.html).
_OF_SQLITE = {
    "SQLITE_FULL": "the disk is full; free some space and start the same command again",
    "SQLITE_READONLY": "the file or its folder cannot be written; make both writable or choose another folder",
    "SQLITE_CANTOPEN": "the file cannot be opened; check that its folder exists and can be written",
    "SQLITE_BUSY": "another process holds it for too long; stop that process or wait",
    "SQLITE_LOCKED": "another process holds it for too long; stop that process or wait",
    "SQLITE_CORRUPT": "the file is damaged; restore a copy",
    "SQLITE_NOTADB": "the file is not a ledger, or it is damaged; restore a copy or choose another file",
    "SQLITE_IOERR": "the disk refused to read or write (it may be full or broken); check it and start again",
}
_LOST = "the connection to the server was lost; when it answers again, the same command continues where it stopped"
# The beginnings of PostgreSQL's codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_OF_POSTGRES = {
    "25006": "it cannot be written: it was opened to be read, or the server is a standby; name the server that writes",
    "3F000": "the schema that its URL names is not there; make it, or leave it out",
    "42501": "this user may not do that there; let the database belong to this user: createdb --owner USER DATABASE",
    "53100": "the server's disk is full; free some space there and start the same command again",
    "53300": "the server has no connection left; stop other programs or raise its max_connections",
    "55P03": "another process holds it for too long; stop that process or wait",
    "57P0": _LOST,
    "25P03": _LOST,
    "08": _LOST,
    "XX001": "the server's files are damaged; restore a copy",
    "XX002": "the server's files are damaged; restore a copy",
}
# A refused connection has no code, only words: those of libpq and of the server.
_WORDS = {
    r"password authentication failed|no password supplied": "the server refuses this user and password; put the "
    "password into the file that PGPASSFILE names (~/.pgpass), or into PGPASSWORD",
    r"database .* does not exist": "there is no such database; make it with createdb, or correct the URL",
    r"role .* does not exist": "the server knows no such user; make it with createuser, or correct the URL",
    r"no pg_hba\.conf entry|authentication failed": "the server lets this user in from here by no way that was tried; "
    "ask who runs it (pg_hba.conf)",
    r"starting up|shutting down": "the server starts or stops just now; try again in a moment",
    r"[Cc]onnection refused|No such file|(translate|resolve) host|timeout expired|timed out|unreachable|No route": "no "
    "server answers there; check that it runs, and the host and port of the URL",
    r"closed the connection|connection is (lost|closed)|consuming input failed": _LOST,
}
_AWAY = ("57P01", "57P02", "57P03", "08", "53300", "25P03")
_CONFLICTS = ("40001", "40P01")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns the errors of the database library into `LedgerError` about the ledger at `place`."""
    try:
        yield
    except Exception as error:
        cause = _driver_error(error)
        if cause is not None:
            raise LedgerError(f"ledger {place}: {_sentence(cause)}") from error
        if isinstance(error, SQLAlchemyError):
            raise LedgerError(f"ledger {place}: {str(error).splitlines()[0]}") from error
        raise


def away(error: BaseException) -> bool:
    """Tells whether a server was away, or a connection to it was lost; it may come back by itself."""
    cause = _driver_error(error)
    if cause is None or isinstance(cause, sqlite3.Error):
        return False
    state = _state(cause)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    # One that does not let anybody connect gives no code at all.
    return lost or state.startswith(_AWAY) or (not state and type(cause).__name__ == "OperationalError")


def conflicting(error: BaseException) -> bool:
    """Tells whether a server undid a transaction for the sake of another: the same again will do."""
    cause = _driver_error(error)
    return cause is not None and _state(cause) in _CONFLICTS


def _driver_error(error: BaseException) -> BaseException | None:
    """Returns the error of the driver that is behind an error, or None."""
    if isinstance(error, DBAPIError):
        return error.orig
    of_driver = isinstance(error, sqlite3.Error) or type(error).__module__.partition(".")[0] == "psycopg"
    return error if of_driver else None


def _state(error: BaseException) -> str:
    return getattr(error, "sqlstate", None) or ""


def _sentence(error: BaseException) -> str:
    name, state, said = getattr(error, "sqlite_errorname", ""), _state(error), str(error).strip()
    for known, code in ((_OF_SQLITE, name), (_OF_POSTGRES, state)):
        for beginning, sentence in known.items():
            if code.startswith(beginning):
                return sentence
    if not name and not state:
        for words, sentence in _WORDS.items():
            if re.search(words, said):
                return sentence
    return said.splitlines()[0] if said else type(error).__name__
