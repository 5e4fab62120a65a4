"""The values of many candidates as columns, each with its unit, its objective and where its values come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from protran.front import FrontCandidate
from protran.objectives import Objective
from protran.quantities import Direction, Quantity, unit_of_value
from protran.report.columns import label_of
from protran.report.page.rounding import rounded
from protran.report.scale import scale_for


def columns_for(
    members: Sequence[FrontCandidate], objectives: Sequence[Objective], devices: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Returns a column for each value that any of the members has: the objectives first, in their order.

    Beside `stderrs` stand `own_stderrs`, by which members are compared with each other, where these are known.

    Args:
        members: candidates with their values.
        objectives: what they are chosen by.
        devices: value name -> device, of values that belong to one.
    """
    wanted = {objective.name: objective for objective in objectives}
    others = dict.fromkeys(name for member in members for name in member.values if name not in wanted)
    columns = [_column(name, members, wanted.get(name), devices.get(name)) for name in (*wanted, *others)]
    return [column for column in columns if column["objective"] or column["known"]]


def _column(
    name: str, members: Sequence[FrontCandidate], objective: Objective | None, device: str | None
) -> dict[str, Any]:
    found = [member.values.get(name) for member in members]
    numbers = [None if value is None else value.value for value in found]
    unit = objective.unit if objective else unit_of_value(name)
    scale = scale_for(numbers, unit)
    sources = [value.provenance.value if value is not None and value.value is not None else None for value in found]
    kinds = list(dict.fromkeys(source for source in sources if source is not None))
    direction = objective.direction if objective else Direction.MINIMISE
    own = [rounded(member.own_stderr(name), 4) for member in members]
    return {
        "name": name,
        "label": label_of(name),
        "unit": unit,
        "scale": {"factor": scale.factor, "symbol": scale.symbol},
        "direction": direction.value,
        "objective": objective is not None,
        "selectable": _selectable(name),
        "device": device,
        "known": sum(number is not None for number in numbers),
        "provenance": kinds[0] if len(kinds) == 1 else None,
        "provenances": sources if len(kinds) > 1 else [],
        "values": numbers,
        "stderrs": [None if value is None else rounded(value.stderr, 4) for value in found],
        **({"own_stderrs": own} if any(name in member.own_stderrs for member in members) else {}),
    }


def _selectable(name: str) -> bool:
    """Returns whether candidates may be chosen by a value of this name."""
    try:
        return Quantity(name.partition("@")[0]).selectable
    except ValueError:
        return False
