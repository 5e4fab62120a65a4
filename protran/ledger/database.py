"""The database behind a ledger: what every kind of it promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from protran.errors import LedgerError
from protran.ledger.failures import translated
from protran.ledger.lock import CampaignLock
from protran.ledger.migrations import OLDEST_READABLE, SCHEMA_VERSION, bring_up, check_version, stored_version
from protran.ledger.place import LedgerPlace, NoLedgerError
from protran.ledger.records import CampaignRecord

P = ParamSpec("P")
T = TypeVar("T")


class Database(ABC):
    """Gives transactions: writers are alone in theirs; readers see one moment, and block nobody.

    Args:
        place: where it is.
        engine: opens connections to it.
    """

    def __init__(self, place: LedgerPlace, engine: Engine) -> None:
        self.place = place
        self.engine = engine

    def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **options: P.kwargs) -> T:
        """Returns what `work` returns within one short transaction: all that it writes is kept, or nothing.

        Where the connection is lost, `work` may be called again, in a new transaction, and cannot know whether the
        first one was kept. So it must be one that may be repeated.

        Raises:
            LedgerError: the database refuses, or is away.
        """

        def run() -> T:
            self._before_writing()
            with self.writing() as connection:
                return work(connection, *args, **options)

        with translated(str(self.place)):
            return self._persist(run)

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **options: P.kwargs) -> T:
        """Returns what `work` returns within a transaction that sees the ledger as it is at one moment.

        Raises:
            LedgerError: the database refuses, or is away.
        """

        def run() -> T:
            with self.reading() as connection:
                return work(connection, *args, **options)

        with translated(str(self.place)):
            return self._persist(run)

    def prepare(self, *, create: bool, read_only: bool) -> None:
        """Makes the ledger, or brings it up to this version; a sound one is opened without a lock.

        Raises:
            NoLedgerError: there is none, and none is to be made.
            LedgerError: it is no ledger, or of a version that cannot be used as it is.
        """
        place = str(self.place)
        version = self.read(stored_version, place)
        if version is None and self.place.url is not None and (read_only or not create):
            raise NoLedgerError(f"there is no ledger in {place}; `protran search` makes one")
        if version is not None:
            check_version(version, place)
        if version == SCHEMA_VERSION or (read_only and version is not None and version >= OLDEST_READABLE):
            return
        if read_only:
            raise LedgerError(f"{place} is of an older version; open it once where it can be written")
        with translated(place):
            self._before_tables()
        self.write(bring_up, place)

    def close(self) -> None:
        """Closes all connections; may be called twice."""
        self.engine.dispose()

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction that may write: all of it is kept, or nothing."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """One transaction that sees the ledger as it is at one moment."""

    @abstractmethod
    def lock(self, campaign: CampaignRecord) -> CampaignLock:
        """Returns the lock that whoever runs this campaign must hold; not yet taken."""

    @abstractmethod
    def faults(self) -> list[str]:
        """Returns what the database itself knows to be wrong with its files, one sentence each."""

    @abstractmethod
    def _persist(self, run: Callable[[], T]) -> T:
        """Returns what `run` returns, called again where that may help."""

    @abstractmethod
    def _before_tables(self) -> None:
        """Is called once, before tables are made or changed."""

    @abstractmethod
    def _before_writing(self) -> None:
        """Is called before each transaction that writes."""
