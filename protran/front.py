"""The front: the non-dominated candidates under the budgets, with what is known of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from device_agents.measurement import Provenance, Value
from protran.budgets import Budget
from protran.dominance import non_dominated
from protran.errors import InputError
from protran.objectives import Objective
from protran.quantities import Direction, unit_of_value
from search_spaces.candidate import Candidate

__all__ = ["Front", "FrontCandidate", "NearestMiss", "non_dominated", "pareto_front"]

NEAREST_MISSES = 5


@dataclass(frozen=True)
class FrontCandidate:
    """A candidate and what is known of it.

    Attributes:
        candidate: its genes.
        values: by name (`latency_s`, `latency_s@DEVICE`, `error`, `test_error` …), in SI units. More than the
            objectives may be there: budgets need theirs, and others are reported.
    """

    candidate: Candidate
    values: Mapping[str, Value]

    def number(self, name: str) -> float | None:
        """Returns the value of this name, or None where it is not known."""
        value = self.values.get(name)
        return None if value is None else value.value

    def upper(self, name: str, margin: float) -> float | None:
        """Returns the value of this name plus `margin` standard errors, or None where it is not known."""
        value = self.values.get(name)
        if value is None or value.value is None:
            return None
        return value.value + margin * (value.stderr or 0.0)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"key", "architecture", "deployment", "values": {name: {"value", "stderr", "unit", …}}}``."""
        values = {
            name: {
                "value": value.value,
                "stderr": value.stderr,
                "unit": unit_of_value(name),
                "provenance": value.provenance.value,
            }
            for name, value in self.values.items()
        }
        return {
            "key": self.candidate.key,
            "architecture": self.candidate.architecture.to_json(),
            "deployment": self.candidate.deployment.to_json(),
            "values": values,
        }


@dataclass(frozen=True)
class NearestMiss:
    """A candidate that breaks a budget, but not by much.

    Attributes:
        member: the candidate.
        excess: by name of the limited value, by what part of its limit it is too large; only where it is.
    """

    member: FrontCandidate
    excess: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Returns the candidate's JSON object, and ``"excess": {name: part of the limit}`` (null: the limit is 0)."""
        excess = {name: part if math.isfinite(part) else None for name, part in self.excess.items()}
        return {**self.member.to_json(), "excess": excess}


@dataclass(frozen=True)
class Front:
    """The non-dominated candidates under the budgets.

    Attributes:
        campaigns: names of the campaigns behind it.
        devices: names of their devices.
        objectives: what the front is a front of.
        budgets: the limits that every member keeps.
        candidates: the members, best first by the first objective.
        nearest_misses: where no candidate keeps the budgets, those that break them least.
        notes: sentences about candidates that were left out.
    """

    campaigns: tuple[str, ...]
    devices: tuple[str, ...]
    objectives: tuple[Objective, ...]
    budgets: tuple[Budget, ...] = ()
    candidates: tuple[FrontCandidate, ...] = ()
    nearest_misses: tuple[NearestMiss, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON object of DESIGN.md's schema, and ``"nearest_misses"`` and ``"notes"``."""
        return {
            "campaigns": list(self.campaigns),
            "devices": list(self.devices),
            "objectives": [objective.to_json() for objective in self.objectives],
            "budgets": [budget.to_json() for budget in self.budgets],
            "candidates": [member.to_json() for member in self.candidates],
            "nearest_misses": [miss.to_json() for miss in self.nearest_misses],
            "notes": list(self.notes),
        }


def pareto_front(
    known: Sequence[FrontCandidate],
    objectives: Sequence[Objective],
    budgets: Sequence[Budget] = (),
    *,
    campaigns: Sequence[str] = (),
    devices: Sequence[str] = (),
    mix_provenance: bool = False,
    confidence: float | None = None,
) -> Front:
    """Returns the front of what is known.

    A candidate without a value of some objective is not on it. Nor is one whose value comes from a source that is less
    trusted than others in the same column (an estimate among measurements), unless `mix_provenance` says so.

    Args:
        known: candidates with their values.
        objectives: what the front is a front of.
        budgets: limits that its members must keep.
        campaigns: names, for the record.
        devices: names, for the record.
        mix_provenance: values of different provenance may stand in one column.
        confidence: probability with which each member must keep each budget, taking its value for normal; None: its
            value must. One whose standard error is not known is as good as its value.

    Raises:
        InputError: the confidence is not from 0.5 to below 1.
    """
    margin = 0.0 if confidence is None else normal_margin(confidence)
    names = [objective.name for objective in objectives]
    complete = [member for member in known if all(member.number(name) is not None for name in names)]
    notes = [f"no candidate has a value of {name} yet" for name in names if known and not _is_known(name, known)]
    if not mix_provenance:
        complete, left_out = _of_one_provenance(complete, [*names, *(budget.name for budget in budgets)])
        notes += left_out
    within = [
        member for member in complete if all(budget.met_by(member.upper(budget.name, margin)) for budget in budgets)
    ]
    if confidence is not None and budgets:
        notes.append(f"each budget is kept with a probability of {confidence:g} or more, by the error bars")
    misses = () if within or not budgets else _nearest(complete, budgets, margin)
    return Front(
        campaigns=tuple(campaigns),
        devices=tuple(devices),
        objectives=tuple(objectives),
        budgets=tuple(budgets),
        candidates=tuple(_best_first(_members(within, objectives), objectives[0])),
        nearest_misses=misses,
        notes=tuple(notes),
    )


def normal_margin(confidence: float) -> float:
    """Returns how many standard errors below a limit a normal value must be to be so with this probability.

    Raises:
        InputError: the confidence is not from 0.5 to below 1.
    """
    if not 0.5 <= confidence < 1:
        raise InputError(f"confidence must be a probability from 0.5 to below 1, for example 0.95; got {confidence:g}")
    return NormalDist().inv_cdf(confidence)


def _is_known(name: str, known: Sequence[FrontCandidate]) -> bool:
    return any(member.number(name) is not None for member in known)


def _members(known: Sequence[FrontCandidate], objectives: Sequence[Objective]) -> list[FrontCandidate]:
    points = [[member.number(objective.name) for objective in objectives] for member in known]
    matrix = np.array(points, dtype=np.float64).reshape(len(known), len(objectives))
    mask = non_dominated(matrix, [objective.direction for objective in objectives])
    return [member for member, on_front in zip(known, mask, strict=True) if on_front]


def _best_first(members: Sequence[FrontCandidate], objective: Objective) -> list[FrontCandidate]:
    sign = -1.0 if objective.direction is Direction.MAXIMISE else 1.0
    return sorted(members, key=lambda member: (sign * (member.number(objective.name) or 0.0), member.candidate.key))


def _of_one_provenance(known: Sequence[FrontCandidate], names: Sequence[str]) -> tuple[list[FrontCandidate], list[str]]:
    """Returns the candidates whose every column is of that column's most trusted provenance, and what was left out."""
    trust = list(Provenance)  # in the order of trust, as far as they can meet in one column
    kept, notes = list(known), []
    for name in dict.fromkeys(names):
        found = {m.values[name].provenance for m in kept if m.number(name) is not None}
        if len(found) < 2:
            continue
        best = min(found, key=trust.index)
        others = ", ".join(sorted(item.value for item in found - {best}))
        before = len(kept)
        kept = [m for m in kept if m.number(name) is None or m.values[name].provenance is best]
        count = f"{before - len(kept)} candidate{'s' if before - len(kept) > 1 else ''}"
        notes.append(f"left out: {count} whose {name} is {others}, while that of others is {best.value}")
    return kept, notes


def _nearest(known: Sequence[FrontCandidate], budgets: Sequence[Budget], margin: float) -> tuple[NearestMiss, ...]:
    """Returns the candidates whose worst excess is smallest; those without a value of a budget are no misses."""
    misses = []
    for member in known:
        if any(member.number(budget.name) is None for budget in budgets):
            continue
        parts: dict[str, float] = {}
        for budget in budgets:  # the strictest, where there are several on one value
            parts[budget.name] = max(parts.get(budget.name, 0.0), budget.excess(member.upper(budget.name, margin)))
        misses.append(NearestMiss(member, {name: part for name, part in parts.items() if part > 0}))
    misses.sort(key=lambda miss: (max(miss.excess.values()), sum(miss.excess.values()), miss.member.candidate.key))
    return tuple(misses[:NEAREST_MISSES])
