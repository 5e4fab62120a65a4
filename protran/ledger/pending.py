"""What has no answer yet, and what has a good one.

The id of a profile request holds the version of the procedure by which it was to be measured. One that was asked under
an older version cannot be answered any more: whoever measures now says so with another id. It is left out here and in
what is counted; the campaign asks anew, under the new id, when it asks for the step again.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from device_agents.measurement import MeasurementStatus, ProfileRequest
from protran.ledger import schema
from protran.ledger.encoding import decode
from protran.ledger.records import PendingTraining, RequestKind

_AT_ONCE = 500  # ids in one query


def pending_profiles(connection: Connection, campaign_id: int) -> list[ProfileRequest]:
    """Returns the profile requests that can be answered now, in the order in which they were asked."""
    return [request for request_id, request in _profiles(connection, campaign_id) if request.request_id == request_id]


def outdated_profiles(connection: Connection, campaign_id: int) -> int:
    """Returns how many profile requests without an answer were asked under another version of the procedure."""
    return sum(request.request_id != request_id for request_id, request in _profiles(connection, campaign_id))


def pending_trainings(connection: Connection, campaign_id: int) -> list[PendingTraining]:
    """Returns the training requests without an answer, in the order in which they were asked."""
    rows = _pending(connection, campaign_id, RequestKind.TRAINING)
    return [PendingTraining(asked_id, decode(payload, "a request")) for asked_id, _, payload in rows]


def _profiles(connection: Connection, campaign_id: int) -> list[tuple[str, ProfileRequest]]:
    rows = _pending(connection, campaign_id, RequestKind.PROFILE)
    return [(request_id, ProfileRequest.from_json(decode(payload, "a request"))) for _, request_id, payload in rows]


def _pending(connection: Connection, campaign_id: int, kind: RequestKind) -> list[tuple[str, str, str]]:
    """Returns the id by which each was asked, the id that it has, and its payload."""
    asked, rows = schema.campaign_requests, schema.campaign_rows
    seen = (rows.c.campaign_id == asked.c.campaign_id) & (rows.c.request_id == asked.c.request_id)
    query = (
        select(asked.c.asked_id, asked.c.request_id, schema.requests.c.payload)
        .join(schema.requests, schema.requests.c.id == asked.c.request_id)
        .outerjoin(rows, seen)
        .where(asked.c.campaign_id == campaign_id, schema.requests.c.kind == kind.value, rows.c.number.is_(None))
        .order_by(asked.c.number)
    )
    return [(asked_id, request_id, payload) for asked_id, request_id, payload in connection.execute(query)]


def well_answered(connection: Connection, kind: RequestKind, request_ids: Collection[str]) -> set[str]:
    """Returns those of the ids whose answer is good: a campaign that takes answers over has nothing to wait for."""
    table = schema.measurements if kind is RequestKind.PROFILE else schema.evaluations
    ids, found = sorted(request_ids), set[str]()
    for start in range(0, len(ids), _AT_ONCE):
        wanted = table.c.request_id.in_(ids[start : start + _AT_ONCE])
        good = table.c.status == MeasurementStatus.OK.value  # an evaluation's good status reads the same
        found.update(connection.scalars(select(table.c.request_id).where(wanted, good)))
    return found
