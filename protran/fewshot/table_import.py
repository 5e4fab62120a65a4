"""Brings a table of measurements into the ledger, as a device of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from device_agents.device import DeviceInfo
from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from protran.errors import InputError
from protran.fewshot.imported_table import TableImport
from protran.ledger.importing import Answered
from protran.ledger.ledger import Ledger
from protran.tables.measurement_table import MeasurementTable
from protran.tables.reading import read_table
from search_spaces.candidate import Candidate

PER_SEQUENCE = ("latency_s", "energy_j")
"""Grow with the batch; a power does not."""

Observer = Callable[[str, int, int | None], None]
"""Is told what is done now, how many rows of it are done, and of how many, None where that is not known."""


@dataclass(frozen=True)
class Imported:
    """What became of an import.

    Attributes:
        device: its name.
        identity: of its measurements.
        origin: see `TableImport.origin`.
        rows: measurements that the device has from this table.
        skipped: rows of the table without any value.
        added: of `rows`, those that are new: all, or none where the table was there.
        values: by target, how many rows have it.
    """

    device: str
    identity: str
    origin: dict[str, Any]
    rows: int
    skipped: int
    added: int
    values: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Returns the fields, those of the origin among them."""
        counts = {"rows": self.rows, "added": self.added, "skipped": self.skipped, "values": self.values}
        return {"device": self.device, "identity": self.identity, **self.origin, **counts}


def import_table(ledger: Ledger, asked: TableImport, observer: Observer | None = None) -> Imported:
    """Imports a table in one transaction; where it is there already, nothing changes.

    Raises:
        InputError: the name is that of another device, the device was imported from another table or under other
            conditions, or the table cannot be read.
        LedgerError: the ledger cannot be written.
    """
    told = observer or _nobody
    asked.check()
    _check_unmeasured(ledger, asked)
    origin = asked.origin()
    known = _known(ledger, asked, origin)
    if known is not None:
        return known
    told("reading", 0, None)
    table = read_table(asked.path, asked.space)
    rows = []
    for row in _answered(asked, table):
        rows.append(row)
        told("checking", len(rows), len(table.candidates))
    if not rows:
        raise InputError(f"{asked.path}: expected rows with a value of {' or '.join(table.targets)}, got none")
    there = dict(zip(table.targets, np.isfinite(table.values).sum(axis=0).tolist(), strict=True))
    skipped = len(table.candidates) - len(rows)
    facts = {"provenance": Provenance.IMPORTED.value, "imported": origin, "rows": len(rows), "skipped": skipped}
    info = DeviceInfo(asked.device, asked.identity, "imported", {**facts, "values": there})
    if not ledger.import_device(info, rows, lambda done: told("recording", done, len(rows))):
        found = _known(ledger, asked, origin)  # another process was faster
        if found is not None:
            return found
    return Imported(asked.device, asked.identity, origin, len(rows), skipped, len(rows), there)


def _check_unmeasured(ledger: Ledger, asked: TableImport) -> None:
    if any(item.name == asked.device and item.identity != asked.identity for item in ledger.devices()):
        raise InputError(
            f"expected a name of its own for the table's device, got {asked.device!r}, which this ledger has "
            f"measurements of; choose another --device for the table"
        )


def _known(ledger: Ledger, asked: TableImport, origin: dict[str, Any]) -> Imported | None:
    record = ledger.device(asked.identity)
    if record is None:
        return None
    before: dict[str, Any] = dict(record.facts["imported"])
    differs = [name for name in origin if name != "file" and before.get(name) != origin[name]]
    if differs:
        raise InputError(
            f"device {asked.device!r} was imported from {before['file']} with {differs[0]} "
            f"{_short(before.get(differs[0]))}, now it is {_short(origin[differs[0]])}; choose another --device"
        )
    facts = record.facts
    return Imported(asked.device, asked.identity, before, facts["rows"], facts["skipped"], 0, dict(facts["values"]))


def _answered(asked: TableImport, table: MeasurementTable) -> Iterator[Answered]:
    """Yields a request and its answer for each row with a value; rows of one candidate are repeats."""
    repeats: Counter[str] = Counter()
    for number, plain in enumerate(table.candidates):
        candidate = _Remembering(plain.architecture, plain.deployment)
        values = {name: _value(asked, table, number, name) for name in table.targets}
        if all(value.value is None for value in values.values()):
            continue
        key = candidate.key
        request = ProfileRequest(candidate, asked.input_spec, asked.workload, asked.identity, repeats[key])
        repeats[key] += 1
        request_id, details = request.request_id, {"table_row": float(number)}
        answer = Measurement(request_id, asked.identity, MeasurementStatus.OK, values, details=details)
        yield Answered.of(request, answer)


class _Remembering(Candidate):
    """A candidate that works out its JSON and its key once: an import asks for them seven times."""

    @cached_property
    def _json(self) -> dict[str, Any]:
        return super().to_json()

    @cached_property
    def key(self) -> str:
        return super().key

    def to_json(self) -> dict[str, Any]:
        return self._json


def _value(asked: TableImport, table: MeasurementTable, row: int, name: str) -> Value:
    column = table.targets.index(name)
    value, variance = float(table.values[row, column]), float(table.variances[row, column])
    if math.isnan(value):
        return UNAVAILABLE
    scale = asked.workload.batch_size if asked.per_sequence and name in PER_SEQUENCE else 1
    stderr = None if math.isnan(variance) else scale * math.sqrt(variance)
    return Value(scale * value, stderr, Provenance.IMPORTED)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _nobody(stage: str, done: int, total: int | None) -> None:
    """Watches nothing."""
