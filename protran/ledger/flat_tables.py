"""The ledger as flat tables, for other programs: one value a cell, SI units in the names, provenance beside each value.

Rows are read one after the other, so that a ledger of any size needs little memory. Blocks and details are JSON texts;
power traces stay in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from device_agents.workload import Workload
from protran.fidelity import Fidelity
from protran.ledger import reading, schema
from protran.ledger.encoding import decode
from search_spaces.canonical import canonical_json
from search_spaces.input_spec import InputSpec

CHUNK = 2000
"""Rows that are in memory at once."""
SCORED = "scored"
_OF_VALUE = ("", "_stderr", "_provenance")

Cell = str | int | float | None


class CellKind(Enum):
    """What a column holds; any cell may be None."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"


@dataclass(frozen=True)
class FlatTable:
    """One table.

    Attributes:
        name: of the table.
        columns: name of a column -> what it holds.
        count: how many rows it has.
        rows: reads them, each with a cell for every column.
    """

    name: str
    columns: Mapping[str, CellKind]
    count: int
    rows: Callable[[], Iterator[tuple[Cell, ...]]]


def flat_tables(connection: Connection) -> list[FlatTable]:
    """Returns all tables, to be read while the transaction of `connection` lasts: they agree with each other."""
    return [
        _campaigns(connection),
        _candidates(connection),
        _campaign_rows(connection),
        _measurements(connection),
        _evaluations(connection),
    ]


def _campaigns(connection: Connection) -> FlatTable:
    records = reading.campaign_records(connection)
    columns = _columns(
        "campaign_id:whole campaign phase seed:whole space task devices objectives budgets created_at updated_at "
        "charter"
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for record in records:
            charter = record.config
            asked = charter.get("config", {})
            space = charter.get("space", {})
            lists = (charter.get("devices", []), charter.get("objectives", []), asked.get("budgets", []))
            yield (
                record.id,
                record.name,
                record.phase,
                record.seed,
                space.get("name") if isinstance(space, Mapping) else str(space),
                charter.get("task_name"),
                *(canonical_json(item) for item in lists),
                record.created_at,
                record.updated_at,
                canonical_json(charter),
            )

    return FlatTable("campaigns", columns, len(records), rows)


def _candidates(connection: Connection) -> FlatTable:
    columns = _columns("candidate_key architecture_key layers:whole architecture deployment")
    table = schema.candidates

    def rows() -> Iterator[tuple[Cell, ...]]:
        for key, architecture_key, text in _streamed(connection, select(table).order_by(table.c.key)):
            payload = decode(text, "a candidate")
            architecture, deployment = payload["architecture"], payload.get("deployment", {})
            yield (
                key,
                architecture_key,
                len(architecture["layers"]),
                canonical_json(architecture),
                canonical_json(deployment),
            )

    return FlatTable("candidates", columns, _count(connection, table), rows)


def _campaign_rows(connection: Connection) -> FlatTable:
    columns = _columns("campaign_id:whole number:whole request_id reused:whole recorded_at")
    table = schema.campaign_rows
    query = select(table).order_by(table.c.campaign_id, table.c.number)
    return FlatTable(table.name, columns, _count(connection, table), lambda: map(tuple, _streamed(connection, query)))


def _measurements(connection: Connection) -> FlatTable:
    answers = schema.measurements
    names = {record.identity: record.name for record in reading.device_records(connection)}
    payloads = (decode(text, "a measurement") for (text,) in _streamed(connection, select(answers.c.payload)))
    quantities = sorted({name for payload in payloads for name in payload["values"]})
    columns = _columns(
        "request_id candidate_key architecture_key device device_identity repeat:whole status reason flags workload "
        "batch_size:whole micro_batches:whole input length:whole classes:whole channels:whole vocabulary:whole "
        "started_at recorded_at meter"
    )
    columns |= _value_columns(quantities) | _columns("blocks details")
    conditions = _Conditions()

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in _streamed(connection, _answered(answers)):
            found = decode(row.answer, "a measurement")
            yield (
                row.id,
                row.candidate_key,
                row.architecture_key,
                names.get(row.device_identity),
                row.device_identity,
                row.repeat,
                row.status,
                found["reason"],
                " ".join(found["flags"]),
                *conditions.of(decode(row.request, "a request")),
                found["started_at"],
                row.created_at,
                found.get("meter", ""),
                *_value_cells(quantities, found["values"]),
                canonical_json(found["blocks"]),
                canonical_json(found["details"]),
            )

    return FlatTable("measurements", columns, _count(connection, answers), rows)


def _evaluations(connection: Connection) -> FlatTable:
    answers = schema.evaluations
    payloads = (decode(text, "an evaluation") for (text,) in _streamed(connection, select(answers.c.payload)))
    metrics = sorted({name for payload in payloads for name in payload["metrics"]})
    columns = _columns(
        "request_id training_key candidate_key architecture_key task status reason epochs_allowed:whole share:number "
        "refit:whole seed:whole epochs:whole train_s:number started_at recorded_at"
    )
    columns |= _value_columns(metrics) | _columns("details")

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in _streamed(connection, _answered(answers)):
            found = decode(row.answer, "an evaluation")
            fidelity = Fidelity.from_json(found["fidelity"])
            yield (
                row.id,
                found["training_key"],
                row.candidate_key,
                row.architecture_key,
                found["task"],
                row.status,
                found["reason"],
                fidelity.epochs,
                fidelity.share,
                int(fidelity.refit),
                found["seed"],
                found["epochs"],
                found["train_s"],
                found["started_at"],
                row.created_at,
                *_value_cells(metrics, _scores(found)),
                canonical_json(found["details"]),
            )

    return FlatTable("evaluations", columns, _count(connection, answers), rows)


class _Conditions:
    """Under which conditions a request is asked, as cells; there are few of them, and many requests."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Cell, ...]] = {}

    def of(self, request: Mapping[str, Any]) -> tuple[Cell, ...]:
        key = json.dumps([request["workload"], request["input_spec"]], sort_keys=True)
        if key not in self._known:
            workload, spec = Workload.from_json(request["workload"]), InputSpec.from_json(request["input_spec"])
            self._known[key] = (
                workload.kind.value,
                workload.batch_size,
                workload.micro_batches,
                spec.kind.value,
                spec.length,
                spec.classes,
                spec.channels,
                spec.vocabulary,
            )
        return self._known[key]


def _answered(answers: Table) -> Select[Any]:
    asked, candidates = schema.requests, schema.candidates
    return (
        select(
            asked.c.id,
            asked.c.candidate_key,
            candidates.c.architecture_key,
            asked.c.device_identity,
            asked.c.repeat,
            asked.c.payload.label("request"),
            answers.c.status,
            answers.c.payload.label("answer"),
            answers.c.created_at,
        )
        .select_from(answers)
        .join(asked, asked.c.id == answers.c.request_id)
        .join(candidates, candidates.c.key == asked.c.candidate_key)
        .order_by(answers.c.request_id)
    )


def _streamed(connection: Connection, query: Select[Any]) -> Iterable[Any]:
    return connection.execute(query.execution_options(yield_per=CHUNK))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _columns(text: str) -> dict[str, CellKind]:
    """Returns columns of names such as ``seed:whole``; those without a kind are texts."""
    parts = [word.partition(":") for word in text.split()]
    return {name: CellKind(kind or CellKind.TEXT.value) for name, _, kind in parts}


def _value_columns(names: Iterable[str]) -> dict[str, CellKind]:
    kinds = (CellKind.NUMBER, CellKind.NUMBER, CellKind.TEXT)
    return {f"{name}{part}": kind for name in names for part, kind in zip(_OF_VALUE, kinds, strict=True)}


def _value_cells(names: Iterable[str], values: Mapping[str, Mapping[str, Any]]) -> Iterator[Cell]:
    for name in names:
        value = values.get(name, {})
        yield from (value.get("value"), value.get("stderr"), value.get("provenance"))


def _scores(evaluation: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    stderr = evaluation["stderr"]
    return {
        name: {"value": score, "stderr": stderr.get(name), "provenance": SCORED}
        for name, score in evaluation["metrics"].items()
    }
