"""Good measurements by device, whichever campaign or table they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from protran.ledger import schema
from protran.ledger.encoding import decode
from protran.ledger.records import RequestKind

CHUNK = 500
"""Rows of one query: SQLite takes a limited number of values at once."""


@dataclass(frozen=True)
class DeviceRow:
    """One good measurement.

    Attributes:
        request_id: under which it stands in the ledger.
        request: what was asked.
        measurement: what was answered.
    """

    request_id: str
    request: ProfileRequest
    measurement: Measurement

    @property
    def current(self) -> bool:
        """Whether it was measured by the procedure of this version: only then does the same question have its id."""
        return self.request.request_id == self.request_id


def device_rows(connection: Connection, most: int, identity: str | None = None) -> dict[str, list[DeviceRow]]:
    """Returns device identity -> good measurements, at most so many of each device; of all devices, or of one.

    Of a device with more, those with the least ids: ids are hashes, so that these are a random sample, always the same.
    """
    asked, answers = schema.requests, schema.measurements
    query = (
        select(asked.c.device_identity, asked.c.id)
        .join(answers, answers.c.request_id == asked.c.id)
        .where(asked.c.kind == RequestKind.PROFILE.value, answers.c.status == MeasurementStatus.OK.value)
        .order_by(asked.c.id)
    )
    if identity is not None:
        query = query.where(asked.c.device_identity == identity)
    ids: dict[str, list[str]] = defaultdict(list)
    for device, request_id in connection.execute(query):
        if len(ids[device]) < most:
            ids[device].append(request_id)
    return {device: _rows(connection, chosen) for device, chosen in sorted(ids.items())}


def measurements(connection: Connection, request_ids: Iterable[str]) -> Mapping[str, Measurement]:
    """Returns request id -> answer, of those that have one, good or not."""
    table, wanted = schema.measurements, list(request_ids)
    query = select(table.c.request_id, table.c.payload).where(table.c.request_id.in_(wanted))
    return {key: Measurement.from_json(decode(text, "a measurement")) for key, text in connection.execute(query)}


def _rows(connection: Connection, ids: list[str]) -> list[DeviceRow]:
    asked, answers = schema.requests, schema.measurements
    found = []
    for first in range(0, len(ids), CHUNK):
        query = (
            select(asked.c.id, asked.c.payload, answers.c.payload)
            .join(answers, answers.c.request_id == asked.c.id)
            .where(asked.c.id.in_(ids[first : first + CHUNK]))
            .order_by(asked.c.id)
        )
        for request_id, request, measurement in connection.execute(query):
            found.append(
                DeviceRow(
                    request_id,
                    ProfileRequest.from_json(decode(request, "a request")),
                    Measurement.from_json(decode(measurement, "a measurement")),
                )
            )
    return found
