"""What the ledger knows of devices, as rows of one space: those of the new device, and those of its sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from device_agents.measurement import Measurement, Provenance, Value
from device_agents.repeats import mean_of_repeats
from device_agents.workload import Workload
from protran.ledger.device_rows import DeviceRow
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace

MOST_ROWS = 2000
"""Measurements that are read of each device: more than a surrogate of a source learns from and is judged on."""


@dataclass(frozen=True)
class Conditions:
    """What makes measurements of one device comparable."""

    input_spec: InputSpec
    workload: Workload

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"input_spec", "workload"}``."""
        return {"input_spec": self.input_spec.to_json(), "workload": self.workload.to_json()}


@dataclass(frozen=True)
class History:
    """Candidates of one space that a device measured under one set of conditions.

    Attributes:
        name: what the device calls itself.
        identity: its identity.
        conditions: input and workload of all of `measured`.
        candidates: in the order of their keys, without repeats.
        measured: candidate key -> its good measurements.
    """

    name: str
    identity: str
    conditions: Conditions
    candidates: tuple[Candidate, ...] = ()
    measured: Mapping[str, Sequence[Measurement]] = field(default_factory=dict)

    def value(self, candidate: Candidate, measure: str) -> Value | None:
        """Returns the mean over repeats of a measure of a candidate; None where it has none."""
        return mean_of_repeats(self.measured.get(candidate.key, ()), measure)

    def values(self, measure: str) -> dict[str, Value]:
        """Returns candidate key -> value, of those candidates that have one, all of the commonest provenance."""
        found = {candidate.key: self.value(candidate, measure) for candidate in self.candidates}
        known = {key: value for key, value in found.items() if value is not None and value.value}
        provenance = commonest(known.values())
        return {key: value for key, value in known.items() if value.provenance is provenance}

    def without(self, keys: Collection[str]) -> History:
        """Returns what is left without the candidates of these keys."""
        rest = tuple(candidate for candidate in self.candidates if candidate.key not in keys)
        measured = {candidate.key: self.measured[candidate.key] for candidate in rest}
        return replace(self, candidates=rest, measured=measured)


def commonest(values: Any) -> Provenance | None:
    """Returns the provenance that most of these values have, the first in case of doubt; None for none."""
    counted = Counter(value.provenance for value in values)
    return counted.most_common(1)[0][0] if counted else None


@dataclass(frozen=True)
class DeviceGroup:
    """Comparable measurements of candidates of one space by one device.

    Attributes:
        name: what the device calls itself.
        identity: its identity.
        conditions: input and workload of all rows.
        rows: in the order of their request ids, which is random.
    """

    name: str
    identity: str
    conditions: Conditions
    rows: tuple[DeviceRow, ...]

    def history(self) -> History:
        """Returns the rows by candidate."""
        return _history(self.name, self.identity, self.conditions, self.rows)


def device_groups(ledger: Ledger, space: DesignSpace, wanted: Conditions) -> list[DeviceGroup]:
    """Returns one group for each device that has measured candidates of the space, by name.

    Where a device has measured under several conditions, the wanted ones count, or else those with most candidates.
    """
    names = _names(ledger)
    found = []
    for identity, rows in ledger.measured_rows(MOST_ROWS).items():
        groups = _groups(rows, space)
        if groups:
            conditions = wanted if wanted in groups else max(groups, key=lambda key: len(groups[key]))
            found.append(DeviceGroup(names.get(identity, identity), identity, conditions, tuple(groups[conditions])))
    return sorted(found, key=lambda group: (group.name, group.identity))


def histories(ledger: Ledger, space: DesignSpace, wanted: Conditions) -> list[History]:
    """Returns the histories of `device_groups`."""
    return [group.history() for group in device_groups(ledger, space, wanted)]


def _names(ledger: Ledger) -> dict[str, str]:
    """Returns identity -> name, with the identity where two devices have one name."""
    devices = ledger.devices()
    times = Counter(device.name for device in devices)
    return {
        device.identity: device.name if times[device.name] == 1 else f"{device.name} ({device.identity})"
        for device in devices
    }


def own_history(ledger: Ledger, space: DesignSpace, wanted: Conditions, identity: str) -> History | None:
    """Returns what a device has measured under exactly these conditions by the present procedure; None for nothing."""
    rows = [row for row in ledger.measured_rows(MOST_ROWS, identity).get(identity, []) if row.current]
    chosen = _groups(rows, space).get(wanted)
    return None if chosen is None else _history(identity, identity, wanted, chosen)


def _groups(rows: Sequence[DeviceRow], space: DesignSpace) -> dict[Conditions, list[DeviceRow]]:
    groups: dict[Conditions, list[DeviceRow]] = defaultdict(list)
    for row in rows:
        if space.contains(row.request.candidate):
            groups[Conditions(row.request.input_spec, row.request.workload)].append(row)
    return groups


def _history(name: str, identity: str, conditions: Conditions, rows: Sequence[DeviceRow]) -> History:
    measured: dict[str, list[Measurement]] = defaultdict(list)
    candidates: dict[str, Candidate] = {}
    for row in rows:
        key = row.request.candidate.key
        candidates[key] = row.request.candidate
        measured[key].append(row.measurement)
    ordered = tuple(candidates[key] for key in sorted(candidates))
    return History(name, identity, conditions, ordered, dict(measured))
