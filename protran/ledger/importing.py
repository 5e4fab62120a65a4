"""Requests that come with their answers: rows of a table, and probes of a device. No campaign asked for them.

Every function works within one transaction that its caller opened. The texts are made before, since a transaction that
writes keeps all others waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from device_agents.measurement import Measurement, ProfileRequest
from protran.ledger import schema
from protran.ledger.encoding import encode, plain, utc_now
from protran.ledger.records import RequestKind

CHUNK = 500
"""Rows of one statement: SQLite takes a limited number of values at once."""

Observer = Callable[[int], None]
"""Is told how many rows are done."""


@dataclass(frozen=True)
class Answered:
    """A profile request and its answer, in the shape in which they are recorded.

    Attributes:
        candidate: row of the table of candidates.
        request: row of the table of requests, but for its time stamp.
        measurement: row of the table of measurements, but for its time stamp.
    """

    candidate: dict[str, Any]
    request: dict[str, Any]
    measurement: dict[str, Any]

    @classmethod
    def of(cls, request: ProfileRequest, measurement: Measurement) -> Answered:
        """Returns both as rows.

        Raises:
            ValueError: the measurement answers another request.
        """
        candidate, request_id = request.candidate, request.request_id
        if measurement.request_id != request_id:
            raise ValueError(f"expected the answer to request {request_id}, got that to {measurement.request_id}")
        subject = request_id if request.repeat == 0 else replace(request, repeat=0).request_id
        return cls(
            candidate={
                "key": candidate.key,
                "architecture_key": candidate.architecture.key,
                "payload": encode(candidate.to_json(), "a candidate"),
            },
            request={
                "id": request_id,
                "kind": RequestKind.PROFILE.value,
                "subject": subject,
                "repeat": request.repeat,
                "candidate_key": candidate.key,
                "device_identity": plain(request.device_identity, "a device's identity"),
                "payload": encode(request.to_json(), "a profile request"),
            },
            measurement={
                "request_id": request_id,
                "status": measurement.status.value,
                "payload": encode(measurement.to_json(), "a measurement"),
            },
        )


def record_answered(connection: Connection, rows: Sequence[Answered], observer: Observer | None = None) -> int:
    """Records requests with their answers and returns how many answers are new; of two answers the first stands.

    A request that a campaign has asked and that has no answer yet is answered by this: the campaign takes it over when
    it goes on.
    """
    fresh = 0
    for first in range(0, len(rows), CHUNK):
        chunk = rows[first : first + CHUNK]
        now = utc_now()
        stamped = [{**row.request, "created_at": now} for row in chunk]
        answers = [{**row.measurement, "created_at": now} for row in chunk]
        _add(connection, schema.candidates, "key", [row.candidate for row in chunk])
        _add(connection, schema.requests, "id", stamped)
        fresh += _add(connection, schema.measurements, "request_id", answers)
        if observer is not None:
            observer(first + len(chunk))
    return fresh


def _add(connection: Connection, table: Table, key: str, rows: Sequence[dict[str, Any]]) -> int:
    """Inserts those rows whose key is not there yet, and returns how many these are."""
    column = table.c[key]
    there = set(connection.scalars(select(column).where(column.in_([row[key] for row in rows]))))
    new = list({row[key]: row for row in reversed(rows) if row[key] not in there}.values())
    if new:
        connection.execute(insert(table), new[::-1])
    return len(new)
