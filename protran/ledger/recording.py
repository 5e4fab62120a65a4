"""Writes that are no answers: campaigns, their phases and steps, and devices.

Every function works within one transaction that its caller opened, and may be repeated in another: what is there is not
written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from protran.errors import InputError, LedgerError
from protran.ledger import importing, reading, schema
from protran.ledger.encoding import encode, utc_now
from protran.ledger.records import CampaignRecord


def create_campaign(connection: Connection, row: dict[str, Any]) -> CampaignRecord:
    """Records a new campaign and returns it. Raises `InputError` where the name is taken."""
    name = row["name"]
    if reading.campaign_record(connection, name) is not None:
        raise InputError(f"there is a campaign {name!r} already; resume it or choose another name")
    now = utc_now()
    connection.execute(insert(schema.campaigns).values(**row, created_at=now, updated_at=now))
    made = reading.campaign_record(connection, name)
    if made is None:
        raise LedgerError(f"campaign {name!r} was recorded and is not there; check the ledger")
    return made


def set_phase(connection: Connection, campaign_id: int, phase: str) -> None:
    """Records the phase that a campaign is in."""
    table = schema.campaigns
    values = {"phase": phase, "updated_at": utc_now()}
    connection.execute(update(table).where(table.c.id == campaign_id).values(values))


def record_step(connection: Connection, row: dict[str, Any]) -> bool:
    """Records a step; returns False where it was recorded before, with the same proposals.

    Raises:
        LedgerError: it was recorded with other proposals.
    """
    table, number = schema.steps, row["number"]
    here = (table.c.campaign_id == row["campaign_id"]) & (table.c.number == number)
    known = connection.scalar(select(table.c.proposals).where(here))
    if known is None:
        connection.execute(insert(table).values(**row, created_at=utc_now()))
        return True
    if known != row["proposals"]:
        raise LedgerError(f"step {number} was recorded with other proposals; this campaign was changed meanwhile")
    return False


def put_device(connection: Connection, row: dict[str, Any]) -> None:
    """Records how a device introduces itself, where that has changed."""
    known = reading.device_record(connection, row["identity"])
    same = known is not None and row == {
        "identity": known.identity,
        "name": known.name,
        "facts": encode(known.facts, ""),
        "reference": encode(known.reference, ""),
    }
    if not same:
        connection.execute(insert(schema.devices).values(**row, recorded_at=utc_now()))


def import_device(
    connection: Connection,
    row: dict[str, Any],
    answered: Sequence[importing.Answered],
    observer: importing.Observer | None,
) -> bool:
    """Records a device with all its measurements; returns False, and records nothing, where its identity is there."""
    if reading.device_record(connection, row["identity"]) is not None:
        return False
    importing.record_answered(connection, answered, observer)
    connection.execute(insert(schema.devices).values(**row, recorded_at=utc_now()))
    return True
