"""The tables of the ledger.

Nothing is ever changed or deleted, except the phase of a campaign. A *request* is one question to a device or a
trainer; its *answer* is unique. A campaign *asks* requests and *sees* their answers, in an order of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# 64 bits everywhere: seeds need them. SQLite numbers rows by itself only where the type reads INTEGER, of 64 bits too.
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")

versions = Table(
    "schema_versions",
    metadata,
    Column("version", _WHOLE, primary_key=True),
    Column("applied_at", String, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", _WHOLE, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("config", Text, nullable=False),
    Column("seed", _WHOLE, nullable=False),
    Column("phase", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
)

candidates = Table(
    "candidates",
    metadata,
    Column("key", String, primary_key=True),
    Column("architecture_key", String, nullable=False, index=True),
    Column("payload", Text, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, CheckConstraint("kind IN ('profile', 'training')"), nullable=False),
    # Requests that differ only in their repeat number share their subject: the id of repeat 0.
    Column("subject", String, nullable=False),
    Column("repeat", _WHOLE, nullable=False),
    Column("candidate_key", String, ForeignKey("candidates.key"), nullable=False, index=True),
    Column("device_identity", String),
    Column("payload", Text, nullable=False),
    Column("created_at", String, nullable=False),
    UniqueConstraint("kind", "subject", "repeat"),
    # Trainings have no device. By id, so that a sample of a device's requests is read without all the others.
    Index("ix_requests_device_identity", "device_identity", "id"),
)

measurements = Table(
    "measurements",
    metadata,
    Column("request_id", String, ForeignKey("requests.id"), primary_key=True),
    Column("status", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", String, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("request_id", String, ForeignKey("requests.id"), primary_key=True),
    Column("status", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", String, nullable=False),
)

# What a campaign asked. It may ask by an id that another campaign used up; `request_id` is then a repeat of it.
campaign_requests = Table(
    "campaign_requests",
    metadata,
    Column("campaign_id", _WHOLE, ForeignKey("campaigns.id"), primary_key=True),
    Column("number", _WHOLE, primary_key=True),
    Column("asked_id", String, nullable=False),
    Column("request_id", String, ForeignKey("requests.id"), nullable=False),
    UniqueConstraint("campaign_id", "asked_id"),
    UniqueConstraint("campaign_id", "request_id"),
)

campaign_rows = Table(
    "campaign_rows",
    metadata,
    Column("campaign_id", _WHOLE, ForeignKey("campaigns.id"), primary_key=True),
    Column("number", _WHOLE, primary_key=True),
    Column("request_id", String, ForeignKey("requests.id"), nullable=False),
    Column("reused", _WHOLE, nullable=False),
    Column("created_at", String, nullable=False),
    UniqueConstraint("campaign_id", "request_id"),
)

steps = Table(
    "steps",
    metadata,
    Column("campaign_id", _WHOLE, ForeignKey("campaigns.id"), primary_key=True),
    Column("number", _WHOLE, primary_key=True),
    Column("phase", String, nullable=False),
    Column("proposals", Text, nullable=False),
    Column("seen", _WHOLE, nullable=False),
    Column("info", Text, nullable=False),
    Column("created_at", String, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", _WHOLE, primary_key=True),
    Column("identity", String, nullable=False),
    Column("name", String, nullable=False),
    Column("facts", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_at", String, nullable=False),
    Index("ix_devices_identity", "identity", "id"),
)
