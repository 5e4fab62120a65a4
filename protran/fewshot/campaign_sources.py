"""Other devices of the ledger as sources of a campaign: chosen when it begins, and the same rows ever after."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from device_agents.measurement import Value
from protran.campaign.problem import Problem
from protran.campaign.search_state import hardware_quantities
from protran.config import Reuse
from protran.errors import CampaignError
from protran.fewshot.history import MOST_ROWS, Conditions, DeviceGroup, History, device_groups
from protran.fewshot.sources import FEWEST_ROWS
from protran.ledger.device_rows import DeviceRow
from protran.ledger.ledger import Ledger
from protran.optimize.sources import SourceRows
from protran.report.plural import how_many

MOST_SOURCE_ROWS = 400
"""Measurements of each source: its surrogate learns from half of them and is judged on the other half."""
MOST_SOURCES = 8
"""Those with most measurements: every proposal of the search asks all that are in use."""
ALL_ROWS = 2**31

Entry = dict[str, Any]


def choose_sources(ledger: Ledger, problem: Problem) -> tuple[list[Entry], list[Entry]]:
    """Returns the sources that a new campaign starts from, and the other devices with why they are none, as JSON.

    A source is named with its conditions and its rows, by request id: later rows change nothing. Without `reuse: all`
    there is none, nor where an earlier campaign is solved again: nothing is believed there. The campaign's own devices
    are none: their answers are taken over one by one.
    """
    if problem.config.reuse is not Reuse.ALL or problem.config.origin is not None:
        return [], []
    own = {device.identity for device in problem.devices}
    wanted = hardware_quantities(problem)
    groups = device_groups(ledger, problem.space, Conditions(problem.input_spec, problem.workload))
    sources, left_out = list[DeviceGroup](), list[Entry]()
    for group in groups if wanted else []:
        if group.identity not in own:
            history = _shortened(group).history()
            most = max(len(_values(history, quantity)) for quantity in wanted)
            if most >= FEWEST_ROWS:
                sources.append(group)
            else:
                reason = (
                    f"it has {how_many(most, 'value')} of {' or '.join(wanted)} (at least {FEWEST_ROWS} are needed)"
                )
                left_out.append(_left_out(group, reason))
    longest = sorted(sources, key=lambda group: -min(len(group.rows), MOST_SOURCE_ROWS))
    left_out += [_left_out(group, f"{MOST_SOURCES} others have more measurements") for group in longest[MOST_SOURCES:]]
    kept = [group for group in sources if group in longest[:MOST_SOURCES]]
    return [_entry(group) for group in kept], left_out


def with_sources(problem: Problem, charter: Mapping[str, Any], ledger: Ledger) -> Problem:
    """Returns the problem with the rows of the sources that its charter names.

    Raises:
        CampaignError: the ledger does not hold them any more.
    """
    wanted = hardware_quantities(problem)
    rows = [_source_rows(ledger, entry, wanted) for entry in charter.get("sources", [])]
    return dataclasses.replace(problem, sources=tuple(rows))


def source_notes(charter: Mapping[str, Any]) -> list[str]:
    """Returns sentences on the devices that a campaign starts from, and on those that it cannot use."""
    return [
        *(
            f"may start from {entry['name']}: {how_many(len(entry['rows']), 'measurement')}"
            for entry in charter.get("sources", [])
        ),
        *(f"cannot start from {entry['name']}: {entry['reason']}" for entry in charter.get("sources_left_out", [])),
    ]


def _entry(group: DeviceGroup) -> Entry:
    ids = [row.request_id for row in _shortened(group).rows]
    return {"name": group.name, "identity": group.identity, **group.conditions.to_json(), "rows": ids}


def _shortened(group: DeviceGroup) -> DeviceGroup:
    return dataclasses.replace(group, rows=group.rows[:MOST_SOURCE_ROWS])


def _left_out(group: DeviceGroup, reason: str) -> Entry:
    return {"name": group.name, "identity": group.identity, "reason": reason}


def _source_rows(ledger: Ledger, entry: Mapping[str, Any], wanted: Sequence[str]) -> SourceRows:
    rows = _rows(ledger, entry)
    conditions = Conditions(rows[0].request.input_spec, rows[0].request.workload)
    history = DeviceGroup(entry["name"], entry["identity"], conditions, tuple(rows)).history()
    values: dict[str, tuple[float, ...]] = {}
    variances: dict[str, tuple[float, ...]] = {}
    for quantity in wanted:
        found = _values(history, quantity)
        values[quantity] = tuple(_number(found.get(candidate.key)) for candidate in history.candidates)
        variances[quantity] = tuple(_variance(found.get(candidate.key)) for candidate in history.candidates)
    return SourceRows(entry["name"], history.candidates, values, variances)


def _rows(ledger: Ledger, entry: Mapping[str, Any]) -> list[DeviceRow]:
    """Returns the rows that an entry names, in its order; few are read where few are there."""
    wanted, found = entry["rows"], dict[str, DeviceRow]()
    for most in (MOST_ROWS, ALL_ROWS):
        rows = ledger.measured_rows(most, entry["identity"]).get(entry["identity"], [])
        found = {row.request_id: row for row in rows}
        if all(request_id in found for request_id in wanted):
            return [found[request_id] for request_id in wanted]
    lost = sum(request_id not in found for request_id in wanted)
    raise CampaignError(
        f"this campaign starts from {how_many(len(wanted), 'measurement')} of {entry['name']}, of which the ledger "
        f"does not hold {lost} any more; use the ledger that it was begun with"
    )


def _values(history: History, quantity: str) -> dict[str, Value]:
    """Returns candidate key -> positive value, of one provenance, of those candidates that have one."""
    return {key: value for key, value in history.values(quantity).items() if (value.value or 0.0) > 0.0}


def _number(value: Value | None) -> float:
    return math.nan if value is None or value.value is None else value.value


def _variance(value: Value | None) -> float:
    return math.nan if value is None or not value.stderr else value.stderr**2
