"""What a candidate costs over all devices of a campaign: on the worst of them, or on average."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from enum import Enum

from device_agents.measurement import Provenance, Value
from protran.errors import InputError
from protran.front import FrontCandidate
from protran.objectives import Objective
from protran.quantities import Quantity, value_name


class Across(str, Enum):
    """How the values on several devices become one."""

    WORST = "worst"
    """The largest: what the slowest, or hungriest, device needs."""
    MEAN = "mean"
    """The mean over the devices, each counted alike."""


def objectives_across(objectives: Sequence[Objective], how: Across) -> tuple[Objective, ...]:
    """Returns the objectives with one for each quantity that depends on the device, ``latency_s@worst``.

    Others stay as they are, in their order.
    """
    found: dict[str, Objective] = {}
    for objective in objectives:
        kept = objective
        if objective.device is not None:
            kept = Objective(objective.quantity, how.value, direction=objective.direction, qualified=True)
        found.setdefault(kept.name, kept)
    return tuple(found.values())


def way_of(objectives: Sequence[Objective], devices: Sequence[str]) -> Across | None:
    """Returns how these objectives look across devices, or None where each is about one device or none."""
    ways = {how.value: how for how in Across}
    found = (objective.device for objective in objectives if objective.device not in (None, *devices))
    return next((ways[device] for device in found if device in ways), None)


def with_values_across(
    known: Sequence[FrontCandidate], objectives: Sequence[Objective], devices: Sequence[str], how: Across
) -> list[FrontCandidate]:
    """Returns the candidates with their values over all devices beside those on each.

    A candidate whose value on one device is not known has none over all.

    Args:
        known: candidates with values on each device.
        objectives: the quantities of these that depend on the device.
        devices: names, two or more.
        how: worst or mean.

    Raises:
        InputError: there is one device only, or one has the name of the way.
    """
    if len(devices) < 2:
        raise InputError(f"expected a campaign over two or more devices to look across, got {', '.join(devices)} alone")
    if how.value in devices:
        raise InputError(
            f"a device of this campaign is called {how.value!r} itself; ask for its own front with --device"
        )
    quantities = dict.fromkeys(objective.quantity for objective in objectives if objective.device is not None)
    found = []
    for member in known:
        values = {
            value_name(quantity, how.value): value
            for quantity in quantities
            if (value := _across(member, quantity, devices, how)) is not None
        }
        found.append(dataclasses.replace(member, values={**member.values, **values}))
    return found


def _across(member: FrontCandidate, quantity: Quantity, devices: Sequence[str], how: Across) -> Value | None:
    values = [member.values.get(value_name(quantity, device)) for device in devices]
    parts = [(value.value, value) for value in values if value is not None and value.value is not None]
    if len(parts) < len(devices):
        return None
    provenance = max((value.provenance for _, value in parts), key=list(Provenance).index)  # the least trusted
    if how is Across.WORST:
        largest, value = max(parts, key=lambda part: part[0])
        return Value(largest, value.stderr, provenance)
    errors = [value.stderr for _, value in parts]
    stderr = None if None in errors else math.hypot(*(error or 0.0 for error in errors)) / len(parts)
    return Value(sum(number for number, _ in parts) / len(parts), stderr, provenance)
