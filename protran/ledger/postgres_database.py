"""A ledger in a database of a PostgreSQL server, which many machines share.

Writers take turns by one advisory lock of the ledger, held to the end of their transaction. That is what SQLite does
too, so every function of the ledger may count on being alone: it reads a number and writes the next one. The other ways
would be worse: serializable transactions must be repeated whenever two campaigns append to the same small tables, which
they always do, and locks on rows cannot hold rows that are not there yet. A transaction takes milliseconds and a
measurement seconds, so nobody waits long. Unique keys in the tables are the second line.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event

from protran.errors import InputError, LedgerError
from protran.ledger.advisory_lock import AdvisoryLock
from protran.ledger.database import Database
from protran.ledger.lock import CampaignLock
from protran.ledger.patience import Patience
from protran.ledger.place import LedgerPlace
from protran.ledger.records import CampaignRecord
from protran.ledger.schema import metadata

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 30
IDLE_TIMEOUT_S = 60
"""A client that stops within a transaction (a notebook that sleeps) is cut off: all others would wait for it."""
# The server and the client ask each other whether they are there, so that the lock of a machine without power is free
# after a minute: 30 s of silence, then three questions, 10 s apart.
_SETTINGS = {
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT_S}s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_DURABLE = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
_TURN = "SELECT pg_advisory_xact_lock(%s, 0)"


class PostgresDatabase(Database):
    """A database of a server, or one schema of it where the URL says so.

    Raises:
        InputError: the driver is not installed.
    """

    def __init__(self, place: LedgerPlace, url: URL, *, read_only: bool = False) -> None:
        super().__init__(place, _engine(url))
        self._read_only = read_only
        self._patience = Patience()
        self._locks: list[AdvisoryLock] = []

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write, when its turn has come.

        It sees what others have written until each of its statements: none does while it has its turn.
        """
        options = {"isolation_level": "READ COMMITTED", "postgresql_readonly": self._read_only}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            connection.exec_driver_sql(_TURN, (_key(connection.engine),))
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one moment."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def lock(self, campaign: CampaignRecord) -> CampaignLock:
        """Returns the lock of a campaign, which holds on all machines that use this ledger."""
        lock = AdvisoryLock(self._connection, (_key(self.engine), campaign.id), campaign.name, str(self.place))
        self._locks.append(lock)
        return lock

    def faults(self) -> list[str]:
        """Reads every row: a page that the server cannot read is an error of its own. Returns nothing."""
        self.read(_read_all)
        return []

    def close(self) -> None:
        """Gives back all locks and closes all connections; may be called twice."""
        for lock in self._locks:
            lock.release()
        super().close()

    def _persist(self, run: Callable[[], T]) -> T:
        return self._patience.persist(run)

    def _before_tables(self) -> None:
        encoding = self.read(_encoding)
        if encoding != "UTF8":
            raise LedgerError(
                f"the ledger's database must store UTF8, got {encoding}; make one with createdb -T template0 -E UTF8"
            )

    def _before_writing(self) -> None:
        for lock in self._locks:
            lock.confirm()

    def _connection(self) -> Any:
        """Returns a connection of the driver, outside the pool, that commits each statement."""
        connection = self.engine.raw_connection()
        driver: Any = connection.driver_connection
        connection.detach()
        driver.rollback()
        driver.autocommit = True
        return driver


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, connect_args={"connect_timeout": CONNECT_TIMEOUT_S, **_KEEPALIVES})
    except ImportError as error:
        raise InputError(
            "a ledger on a PostgreSQL server needs psycopg, which is not installed: pip install 'protran[postgres]'"
        ) from error

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        settings = ", ".join("set_config(%s, %s, false)" for _ in _SETTINGS)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {settings}", [part for pair in _SETTINGS.items() for part in pair])
            # What was confirmed must survive a power cut; a server may wait for more than its disk, not for less.
            cursor.execute(_DURABLE)
        connection.commit()

    return engine


def _key(engine: Engine) -> int:
    """Returns a whole number of 32 bits with a sign that stands for the ledger within its database: for its schema."""
    unsigned = zlib.crc32(f"protran ledger {engine.dialect.default_schema_name}".encode())
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def _encoding(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SHOW server_encoding").scalar_one())


def _read_all(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        text = " + ".join(f"length(coalesce({column.name}::text, ''))" for column in table.columns)
        connection.exec_driver_sql(f"SELECT sum({text}) FROM {table.name}").scalar()
