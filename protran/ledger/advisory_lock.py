"""The lock of a campaign whose ledger is on a server: the server's own, so that it holds between machines.

It belongs to one connection and dies with it. So that it also dies with a machine that lost its power, the server asks
its clients whether they are there (see `postgres_database`).
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from protran.ledger.failures import translated
from protran.ledger.lock import CampaignLock, busy

# Source: https://www.postgresql.org/docs/current/view-pg-locks.html: a key of two numbers has objsubid 2.
_HOLDERS = """
SELECT l.pid, a.application_name, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::bigint = %s AND l.objid::bigint = %s
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_LABEL = re.compile(r"protran (process \d+ on \S+) \w+")


class AdvisoryLock(CampaignLock):
    """An advisory lock of PostgreSQL, with a connection of its own.

    Args:
        connect: returns a new connection that commits each statement.
        keys: two whole numbers of 32 bits with a sign.
        name: of the campaign, for messages.
        place: of the ledger, for messages.
    """

    def __init__(self, connect: Callable[[], Any], keys: tuple[int, int], name: str, place: str) -> None:
        self._connect = connect
        self._keys = keys
        self._name = name
        self._place = place
        host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:24]  # the server keeps 63 bytes of the label
        self._label = f"protran process {os.getpid()} on {host} {secrets.token_hex(4)}"
        self._connection: Any = None

    @property
    def held(self) -> bool:
        """Whether this object has it, or had it when its connection was lost."""
        return self._connection is not None

    def acquire(self) -> AdvisoryLock:
        """Takes the lock.

        Raises:
            CampaignBusyError: another process has it, here or on another machine.
            LedgerError: the server is away.
        """
        with translated(self._place):
            self._take()
        return self

    def release(self) -> None:
        """Gives the lock back; may be called twice."""
        if self._connection is not None:
            with suppress(Exception):  # a connection that was lost holds no lock
                # At once: the server learns of a closed connection only in a moment.
                self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", self._keys)
            self._connection.close()
            self._connection = None

    def confirm(self) -> None:
        """Makes sure that this object has the lock still, and takes it anew where its connection was lost.

        Raises:
            CampaignBusyError: somebody else has taken it meanwhile.
            DBAPIError: the server is away.
        """
        if self._connection is None:
            return
        try:
            self._connection.execute("SELECT 1")
        except Exception:  # whatever it is: the connection cannot be used, and the lock with it
            self._connection.close()
            self._take()

    def _take(self) -> None:
        connection = self._connect()
        try:
            connection.execute("SELECT set_config('application_name', %s, false)", (self._label,))
            if not self._try(connection):
                raise busy(self._name, self._holder(connection))
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _try(self, connection: Any) -> bool:
        """Takes the lock where it is free, or held by a lost connection of this object that the server still has."""
        if self._granted(connection):
            return True
        lost = [pid for pid, label, _ in self._holders(connection) if label == self._label]
        for pid in lost:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        return bool(lost) and self._granted(connection)

    def _granted(self, connection: Any) -> bool:
        return bool(connection.execute("SELECT pg_try_advisory_lock(%s, %s)", self._keys).fetchone()[0])

    def _holder(self, connection: Any) -> str:
        for _, label, since in self._holders(connection):
            known = _LABEL.fullmatch(label or "")
            return f"{known[1]} since {since}" if known else ""
        return ""

    def _holders(self, connection: Any) -> list[tuple[int, str | None, str | None]]:
        unsigned = tuple(key & 0xFFFFFFFF for key in self._keys)
        return list(connection.execute(_HOLDERS, unsigned).fetchall())
