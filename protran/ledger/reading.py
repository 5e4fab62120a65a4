"""Queries that turn the tables into records; each within one transaction that its caller opened."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, case, func, select

from device_agents.measurement import MeasurementStatus
from protran.ledger import schema
from protran.ledger.decoding import Decoder
from protran.ledger.encoding import decode
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.pending import outdated_profiles
from protran.ledger.records import (
    CampaignRecord,
    CampaignRow,
    DeviceRecord,
    Progress,
    RequestKind,
    StepRecord,
)
from search_spaces.candidate import Candidate


def campaign_records(connection: Connection) -> tuple[CampaignRecord, ...]:
    """Returns all campaigns, oldest first."""
    rows = connection.execute(select(schema.campaigns).order_by(schema.campaigns.c.id))
    return tuple(_campaign(row) for row in rows)


def campaign_record(connection: Connection, name: str) -> CampaignRecord | None:
    """Returns the campaign of this name, or None."""
    row = connection.execute(select(schema.campaigns).where(schema.campaigns.c.name == name)).first()
    return None if row is None else _campaign(row)


def step_records(connection: Connection, campaign_id: int) -> tuple[StepRecord, ...]:
    """Returns the steps of a campaign in their order."""
    table = schema.steps
    rows = connection.execute(select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.number))
    return tuple(
        StepRecord(
            number=row.number,
            phase=row.phase,
            proposals=tuple(Candidate.from_json(item) for item in decode(row.proposals, "a step")),
            seen=row.seen,
            info=decode(row.info, "a step"),
            created_at=row.created_at,
        )
        for row in rows
    )


def campaign_rows(connection: Connection, campaign_id: int, first: int | None) -> list[CampaignRow]:
    """Returns the answers that a campaign has seen, in that order; only the first so many if `first` is given."""
    rows, asked = schema.campaign_rows, schema.requests
    query = (
        select(
            rows.c.number,
            rows.c.reused,
            asked.c.kind,
            asked.c.candidate_key,
            asked.c.payload.label("request"),
            schema.candidates.c.payload.label("candidate"),
            schema.measurements.c.payload.label("measurement"),
            schema.evaluations.c.payload.label("evaluation"),
        )
        .join(asked, asked.c.id == rows.c.request_id)
        .join(schema.candidates, schema.candidates.c.key == asked.c.candidate_key)
        .outerjoin(schema.measurements, schema.measurements.c.request_id == asked.c.id)
        .outerjoin(schema.evaluations, schema.evaluations.c.request_id == asked.c.id)
        .where(rows.c.campaign_id == campaign_id)
        .order_by(rows.c.number)
        .limit(first)
    )
    decoder = Decoder()
    return [_row(decoder, row) for row in connection.execute(query)]


def rejections(connection: Connection, campaign_id: int) -> dict[str, str]:
    """Returns request id -> reason of each rejected measurement that a campaign has seen."""
    rows, answers = schema.campaign_rows, schema.measurements
    query = (
        select(answers.c.request_id, answers.c.payload)
        .join(rows, rows.c.request_id == answers.c.request_id)
        .where(rows.c.campaign_id == campaign_id, answers.c.status == MeasurementStatus.REJECTED.value)
    )
    found = connection.execute(query)
    return {request_id: decode(payload, "a measurement")["reason"] for request_id, payload in found}


def progress(connection: Connection, campaign_id: int) -> Progress:
    """Returns how many requests of a campaign stand how."""
    profiles = _statuses(connection, campaign_id, RequestKind.PROFILE)
    trainings = _statuses(connection, campaign_id, RequestKind.TRAINING)
    return Progress(
        profiles_asked=profiles.total() - outdated_profiles(connection, campaign_id),
        profiles_answered=profiles.total() - profiles[None],
        profiles_failed=profiles[MeasurementStatus.FAILED.value],
        profiles_rejected=profiles[MeasurementStatus.REJECTED.value],
        trainings_asked=trainings.total(),
        trainings_answered=trainings.total() - trainings[None],
        trainings_failed=trainings[EvaluationStatus.FAILED.value],
    )


def _statuses(connection: Connection, campaign_id: int, kind: RequestKind) -> Counter[str | None]:
    """Returns how many requests have an answer of each status that the campaign has seen; None: no answer yet."""
    asked, rows = schema.campaign_requests, schema.campaign_rows
    answers = schema.measurements if kind is RequestKind.PROFILE else schema.evaluations
    status = case((rows.c.number.is_not(None), answers.c.status))
    query = (
        select(status, func.count())
        .select_from(asked)
        .join(schema.requests, schema.requests.c.id == asked.c.request_id)
        .outerjoin(rows, (rows.c.campaign_id == asked.c.campaign_id) & (rows.c.request_id == asked.c.request_id))
        .outerjoin(answers, answers.c.request_id == asked.c.request_id)
        .where(asked.c.campaign_id == campaign_id, schema.requests.c.kind == kind.value)
        .group_by(status)
    )
    return Counter({found: count for found, count in connection.execute(query)})


def device_records(connection: Connection) -> tuple[DeviceRecord, ...]:
    """Returns the last word of every device, in the order in which they last spoke."""
    table = schema.devices
    last = select(func.max(table.c.id)).group_by(table.c.identity)
    rows = connection.execute(select(table).where(table.c.id.in_(last)).order_by(table.c.id))
    return tuple(_device(row) for row in rows)


def device_record(connection: Connection, identity: str) -> DeviceRecord | None:
    """Returns the last word of one device, or None."""
    table = schema.devices
    query = select(table).where(table.c.identity == identity).order_by(table.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _device(row)


def _campaign(row: Any) -> CampaignRecord:
    return CampaignRecord(
        id=row.id,
        name=row.name,
        config=decode(row.config, "a campaign's configuration"),
        seed=row.seed,
        phase=row.phase,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _row(decoder: Decoder, row: Any) -> CampaignRow:
    candidate = decoder.candidate(row.candidate_key, row.candidate)
    reused = bool(row.reused)
    if row.kind == RequestKind.PROFILE.value:
        measurement = decoder.measurement(row.measurement)
        request = decoder.request(row.candidate_key, row.request)
        return CampaignRow(row.number, candidate, measurement=measurement, request=request, reused=reused)
    evaluation = Evaluation.from_json(decode(row.evaluation, "an evaluation"))
    return CampaignRow(row.number, candidate, evaluation=evaluation, reused=reused)


def _device(row: Any) -> DeviceRecord:
    return DeviceRecord(
        identity=row.identity,
        name=row.name,
        facts=decode(row.facts, "a device"),
        reference=decode(row.reference, "a device"),
        recorded_at=row.recorded_at,
    )
