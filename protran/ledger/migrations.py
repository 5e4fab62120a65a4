"""The schema's version: a new ledger gets all tables, an older one is brought up step by step, a newer one refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, inspect, select

from protran.errors import LedgerError
from protran.ledger import schema

SCHEMA_VERSION = 2
OLDEST_READABLE = 1
"""Of the versions whose rows are read as they are: what came since are indices, without which reading is slower."""
APPLICATION_ID = 0x5054524E  # "PTRN": says whose file it is, in the header of the SQLite file

Migration = Callable[[Connection], None]


def _index_requests_by_device(connection: Connection) -> None:
    """To 2: what one device measured is found without reading what all the others did."""
    connection.exec_driver_sql("CREATE INDEX ix_requests_device_identity ON requests (device_identity, id)")


MIGRATIONS: Mapping[int, Migration] = {1: _index_requests_by_device}
"""``MIGRATIONS[n]`` turns a ledger of version n into one of version n + 1."""


def bring_up(
    connection: Connection,
    place: str,
    target: int = SCHEMA_VERSION,
    migrations: Mapping[int, Migration] = MIGRATIONS,
) -> None:
    """Makes the ledger behind `connection` one of version `target`, within the connection's transaction.

    Args:
        connection: in a transaction that writes.
        place: where the ledger lies, for messages.
        target: the version that this code knows.
        migrations: the steps from version to version.

    Raises:
        LedgerError: the database is somebody else's, or of a newer version.
    """
    version = stored_version(connection, place)
    if version is None:
        schema.metadata.create_all(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        _stamp(connection, target)
        return
    check_version(version, place, target)
    for step in range(version, target):
        migrations[step](connection)
        _stamp(connection, step + 1)


def stored_version(connection: Connection, place: str) -> int | None:
    """Returns the version of the ledger; None if the database is empty.

    Raises:
        LedgerError: there are tables, but not those of a ledger.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    version = None
    if schema.versions.name in tables:
        version = connection.scalar(select(func.max(schema.versions.c.version)))
    if version is None:
        raise LedgerError(f"{place} is a database, but not a ledger of ProTran; choose another file or schema")
    return int(version)


def check_version(version: int, place: str, target: int = SCHEMA_VERSION) -> None:
    """Raises `LedgerError` where a newer ProTran wrote this ledger."""
    if version > target:
        raise LedgerError(
            f"{place} was written by a newer ProTran (schema {version}, this one knows {target}); upgrade ProTran"
        )


def _stamp(connection: Connection, version: int) -> None:
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(insert(schema.versions).values(version=version, applied_at=stamp))
