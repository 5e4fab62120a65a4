"""Where a ledger is: in a file, or in a database of a server; and where its campaigns keep files on this machine."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from protran.errors import InputError
from protran.names import LEDGER_FILE

LEDGER_VARIABLE = "PROTRAN_LEDGER"
"""The variable of the environment that names the ledger of whoever names none."""
_SQLITE = "sqlite:///"
_SERVERS = ("postgresql", "postgresql+psycopg", "postgres")
_USUAL_RUNS = Path("runs")


class NoLedgerError(InputError):
    """There is no ledger where one was looked for."""


@dataclass(frozen=True)
class LedgerPlace:
    """Where a ledger is. As text it shows no password.

    Attributes:
        file: of a ledger in a file; None for a server's.
        url: of a ledger in a server's database, with whatever password it came with; None for a file's.
        folder: of the campaigns' files on this machine: weights, pictures, fronts.
        named: a command that is to find it again must name it.
    """

    file: Path | None
    url: URL | None = field(repr=False)
    folder: Path
    named: bool = False

    def __str__(self) -> str:
        return str(self.file) if self.url is None else _masked(self.url).render_as_string(hide_password=True)

    @property
    def options(self) -> str:
        """The options by which a command finds this ledger and this folder again; nothing where both are the usual.

        A password is left out: what is printed may be read by others. The commands find it elsewhere (docs/ledger.md).
        """
        runs = "" if self.folder == _USUAL_RUNS else f" --runs {shlex.quote(str(self.folder))}"
        if not self.named:
            return runs
        plain = str(self.file) if self.url is None else _without_password(self.url).render_as_string()
        return f"{runs} --ledger {shlex.quote(plain)}"

    @property
    def identity(self) -> str:
        """Which ledger it is, for whoever looks from another folder."""
        return str(self.file.absolute()) if self.file is not None else str(self)


def place_of(place: LedgerPlace | Path | str, folder: Path | None = None, *, named: bool = False) -> LedgerPlace:
    """Returns the place that a path or a URL names.

    Args:
        place: a path, ``sqlite:///PATH``, or ``postgresql+psycopg://USER@HOST/DATABASE``.
        folder: of the campaigns' files; by default that of the ledger's file, or ``runs``.
        named: a command that is to find it again must name it.

    Raises:
        InputError: the URL is of another kind of database, or is no URL.
    """
    if isinstance(place, LedgerPlace):
        return place
    text = str(place)
    if text.startswith(_SQLITE) and len(text) > len(_SQLITE):
        place = text[len(_SQLITE) :]
    elif "://" in text or text.startswith("sqlite:"):
        return LedgerPlace(None, _server_url(text), _USUAL_RUNS if folder is None else folder, named)
    file = Path(place)
    return LedgerPlace(file, None, file.parent if folder is None else folder, named)


def place_for(runs: Path | str, ledger: LedgerPlace | Path | str | None = None) -> LedgerPlace:
    """Returns the ledger of campaigns whose files lie in `runs`.

    Args:
        runs: the folder of the campaigns.
        ledger: the ledger; by default the one that `LEDGER_VARIABLE` names, or else the file in `runs`.

    Raises:
        InputError: what `place_of` refuses.
    """
    folder = Path(runs)
    if ledger is not None and ledger != "":
        return place_of(ledger, folder, named=True)
    return place_of(os.environ.get(LEDGER_VARIABLE) or folder / LEDGER_FILE, folder)


def same_database(place: LedgerPlace, other: str) -> bool:
    """Tells whether a URL of whatever kind names the database that the ledger is in."""
    try:
        url = make_url(other)
    except (ArgumentError, ValueError):
        return False
    if place.file is not None:
        there = Path(url.database or "")
        return (
            url.get_backend_name() == "sqlite" and there.exists() and place.file.exists() and place.file.samefile(there)
        )
    return place.url is not None and url.get_backend_name() == "postgresql" and _address(url) == _address(place.url)


def _server_url(text: str) -> URL:
    """Returns the URL of a server's database, for the driver that is used here; no error shows a password."""
    shown = text.rpartition("@")[2].partition("?")[0]
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _refused(shown) from None
    if url.drivername not in _SERVERS:
        raise _refused(shown)
    if "@" in (url.host or ""):
        raise InputError(f"the ledger's URL has two signs @ before {shown!r}; write the one in the password as %40")
    if not url.database:
        raise InputError(
            f"the ledger's URL must name a database, got {shown!r}; add it, for example {url.host or ''}/protran"
        )
    return url.set(drivername="postgresql+psycopg")


def _refused(shown: str) -> InputError:
    return InputError(
        f"the ledger must be a file, sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE, got {shown!r}"
    )


def _secret(key: str) -> bool:
    return "password" in key.lower()


def _masked(url: URL) -> URL:
    return url.update_query_dict({key: "***" for key in url.query if _secret(key)})


def _without_password(url: URL) -> URL:
    return URL.create(
        url.drivername,
        url.username,
        None,
        url.host,
        url.port,
        url.database,
        {key: value for key, value in url.query.items() if not _secret(key)},
    )


def _address(url: URL) -> tuple[object, ...]:
    host = url.host or url.query.get("host") or ""
    return host, url.port or url.query.get("port") or 5432, url.database
