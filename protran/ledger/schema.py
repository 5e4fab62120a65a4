"""The tables of the ledger.

Nothing is ever changed or deleted, except the phase of a campaign. A *request* is one question to a device or a
trainer; its *answer* is unique. A campaign *asks* requests and *sees* their answers, in an order of its own.
"""

from __future__ import annotations

from sqlalchemy import (
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

versions = Table(
    "schema_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", String, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("config", Text, nullable=False),
    Column("seed", Integer, nullable=False),
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
    Column("repeat", Integer, nullable=False),
    Column("candidate_key", String, ForeignKey("candidates.key"), nullable=False, index=True),
    Column("device_identity", String),
    Column("payload", Text, nullable=False),
    Column("created_at", String, nullable=False),
    UniqueConstraint("kind", "subject", "repeat"),
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
    Column("campaign_id", Integer, ForeignKey("campaigns.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("asked_id", String, nullable=False),
    Column("request_id", String, ForeignKey("requests.id"), nullable=False),
    UniqueConstraint("campaign_id", "asked_id"),
    UniqueConstraint("campaign_id", "request_id"),
)

campaign_rows = Table(
    "campaign_rows",
    metadata,
    Column("campaign_id", Integer, ForeignKey("campaigns.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("request_id", String, ForeignKey("requests.id"), nullable=False),
    Column("reused", Integer, nullable=False),
    Column("created_at", String, nullable=False),
    UniqueConstraint("campaign_id", "request_id"),
)

steps = Table(
    "steps",
    metadata,
    Column("campaign_id", Integer, ForeignKey("campaigns.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("phase", String, nullable=False),
    Column("proposals", Text, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("info", Text, nullable=False),
    Column("created_at", String, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String, nullable=False),
    Column("name", String, nullable=False),
    Column("facts", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("recorded_at", String, nullable=False),
    Index("ix_devices_identity", "identity", "id"),
)
