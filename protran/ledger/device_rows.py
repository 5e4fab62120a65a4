"""Good measurements by device, whichever campaign or table they came from."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from protran.ledger import schema
from protran.ledger.decoding import Decoder


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
    identities = _identities(connection) if identity is None else [identity]
    decoder = Decoder()
    with no_collections():
        found = {device: _rows(connection, decoder, device, most) for device in identities}
    return {device: rows for device, rows in found.items() if rows}


def measurements(connection: Connection, request_ids: Iterable[str]) -> Mapping[str, Measurement]:
    """Returns request id -> answer, of those that have one, good or not."""
    table, wanted = schema.measurements, list(request_ids)
    query = select(table.c.request_id, table.c.payload).where(table.c.request_id.in_(wanted))
    return {key: Decoder().measurement(text) for key, text in connection.execute(query)}


@contextmanager
def no_collections() -> Iterator[None]:
    """Puts off the search for cycles of objects: many rows have none, and to look for them takes half of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _identities(connection: Connection) -> list[str]:
    """Returns the devices that were asked, in order; from one to the next by the index, past all their requests."""
    column = schema.requests.c.device_identity
    found: list[str] = []
    following = connection.scalar(select(func.min(column)))
    while following is not None:
        found.append(following)
        following = connection.scalar(select(func.min(column)).where(column > following))
    return found


def _rows(connection: Connection, decoder: Decoder, identity: str, most: int) -> list[DeviceRow]:
    asked, answers = schema.requests, schema.measurements
    query = (
        select(asked.c.id, asked.c.candidate_key, asked.c.payload, answers.c.payload)
        .join(answers, answers.c.request_id == asked.c.id)
        .where(asked.c.device_identity == identity, answers.c.status == MeasurementStatus.OK.value)
        .order_by(asked.c.id)
        .limit(most)
    )
    return [
        DeviceRow(request_id, decoder.request(candidate_key, request), decoder.measurement(measurement))
        for request_id, candidate_key, request, measurement in connection.execute(query)
    ]
