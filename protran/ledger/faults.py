"""What is wrong with what a ledger holds, beyond what its database watches over by itself."""

from __future__ import annotations

from sqlalchemy import Connection, func, or_, select

from protran.ledger import schema


def faults(connection: Connection) -> list[str]:
    """Returns one sentence for each fault: answers that a campaign saw and that are gone, numbers that are missing."""
    rows, measurements, evaluations = schema.campaign_rows, schema.measurements, schema.evaluations
    lost = connection.scalar(
        select(func.count())
        .select_from(rows)
        .outerjoin(measurements, measurements.c.request_id == rows.c.request_id)
        .outerjoin(evaluations, evaluations.c.request_id == rows.c.request_id)
        .where(measurements.c.request_id.is_(None), evaluations.c.request_id.is_(None))
    )
    found = [f"answers that a campaign has seen are gone ({lost} of them)"] if lost else []
    for table in (rows, schema.campaign_requests, schema.steps):
        numbers = table.c.number
        gaps = (
            select(schema.campaigns.c.name)
            .join(table, table.c.campaign_id == schema.campaigns.c.id)
            .group_by(schema.campaigns.c.name)
            .having(or_(func.min(numbers) != 0, func.max(numbers) != func.count() - 1))
        )
        found += [f"numbers of {table.name} are missing in campaign {name!r}" for name in connection.scalars(gaps)]
    return found
