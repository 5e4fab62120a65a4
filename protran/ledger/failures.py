"""Says in one sentence what the database library means."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from protran.errors import LedgerError

# The beginnings of SQLite's names of result codes (https://www.sqlite.org/rescode.html).
_SENTENCES = {
    "SQLITE_FULL": "the disk is full; free some space and start the same command again",
    "SQLITE_READONLY": "the file or its folder cannot be written; make both writable or choose another folder",
    "SQLITE_CANTOPEN": "the file cannot be opened; check that its folder exists and can be written",
    "SQLITE_BUSY": "another process holds it for too long; stop that process or wait",
    "SQLITE_LOCKED": "another process holds it for too long; stop that process or wait",
    "SQLITE_CORRUPT": "the file is damaged; restore a copy",
    "SQLITE_NOTADB": "the file is not a ledger, or it is damaged; restore a copy or choose another file",
    "SQLITE_IOERR": "the disk refused to read or write (it may be full or broken); check it and start again",
}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns the errors of the database library into `LedgerError` about the ledger at `place`."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(f"ledger {place}: {_sentence(error)}") from error
    except DBAPIError as error:
        raise LedgerError(f"ledger {place}: {_sentence(error.orig)}") from error
    except SQLAlchemyError as error:
        raise LedgerError(f"ledger {place}: {str(error).splitlines()[0]}") from error


def _sentence(error: BaseException | None) -> str:
    name = getattr(error, "sqlite_errorname", "")
    for beginning, sentence in _SENTENCES.items():
        if name.startswith(beginning):
            return sentence
    return str(error).splitlines()[0]
