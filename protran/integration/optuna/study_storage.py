"""Databases of Optuna, with errors that say what is wrong in one sentence."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import optuna

from protran.errors import InputError
from protran.ledger.place import LedgerPlace, same_database

_SQLITE = "sqlite:///"
_URL = re.compile(r"[a-z][a-z0-9+_]*://\S*")
_LOGIN = re.compile(r"//[^/@\s]*@")


def shown(url: str) -> str:
    """Returns a URL without the name and the password that it may hold."""
    return _LOGIN.sub("//", url)


def check_url(url: str, ledger: LedgerPlace) -> None:
    """Refuses what cannot hold a study.

    Args:
        url: of a database.
        ledger: the ledger, which holds campaigns and nothing else.

    Raises:
        InputError: it is no URL, names no file, or is the ledger.
    """
    if _URL.fullmatch(url) is None:
        raise InputError(f"the database must be a URL such as sqlite:///studies.db, got {shown(url)!r}")
    if url.startswith("sqlite"):
        name = url.removeprefix(_SQLITE).partition("?")[0]
        if not url.startswith(_SQLITE) or name in ("", ":memory:"):
            raise InputError(f"the database must be a file, sqlite:///studies.db for example, got {shown(url)!r}")
    if same_database(ledger, url):
        raise InputError(f"{shown(url)} is the ledger, where studies do not belong; choose another database")


@contextmanager
def opened(url: str) -> Iterator[optuna.storages.RDBStorage]:
    """Opens a database, which is made where it is not there, and closes it in the end. Optuna says nothing meanwhile.

    Raises:
        InputError: it cannot be opened, read or written, or its driver is not installed.
    """
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # metric names are experimental in Optuna
            storage = optuna.storages.RDBStorage(url)
            try:
                yield storage
            finally:
                storage.remove_session()
                storage.engine.dispose()
    except ImportError as error:
        raise InputError(
            f"the driver of {shown(url)} is not installed; install it, or use a file, sqlite:///studies.db for example"
        ) from error
    except Exception as error:
        if not _of_database(error):
            raise
        raise InputError(
            f"cannot use {shown(url)}: {_reason(error)}; check that it can be written, or name another database"
        ) from error
    finally:
        optuna.logging.set_verbosity(verbosity)


def _of_database(error: BaseException) -> bool:
    """Tells errors of the database from errors of ours; their library is the ledger's and Optuna's business alone."""
    return isinstance(error, optuna.exceptions.StorageInternalError) or type(error).__module__.startswith("sqlalchemy.")


def _reason(error: BaseException) -> str:
    """Returns what the database itself said, on one line and without a login."""
    first = error.__cause__ if isinstance(error, optuna.exceptions.StorageInternalError) else error
    said = str(getattr(first, "orig", None) or first).strip().splitlines()
    return _LOGIN.sub("//", said[0]) if said else type(error).__name__
