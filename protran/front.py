"""The front: the non-dominated candidates under the budgets, with what is known of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from device_agents.measurement import Provenance, Value
from protran.budgets import Budget
from protran.dominance import non_dominated
from protran.errors import InputError
from protran.noisy_dominance import USUAL_CONFIDENCE, DominanceRule, confidently_non_dominated
from protran.objectives import Objective
from protran.quantities import Direction, unit_of_value
from search_spaces.candidate import Candidate

if TYPE_CHECKING:
    import pandas

__all__ = ["Chosen", "DominanceRule", "Front", "FrontCandidate", "NearestMiss", "non_dominated", "pareto_front"]

NEAREST_MISSES = 5


@dataclass(frozen=True)
class FrontCandidate:
    """A candidate and what is known of it.

    Attributes:
        candidate: its genes.
        values: by name (`latency_s`, `latency_s@DEVICE`, `error`, `test_error` …), in SI units. More than the
            objectives may be there: budgets need theirs, and others are reported.
        own_stderrs: by name, the standard error without what all candidates share, which says nothing about who is
            better; only where it is known. Elsewhere the whole standard error stands for it.
        campaigns: whose it is, where candidates of several campaigns stand together; empty otherwise, and for one
            that no campaign has looked at.
    """

    candidate: Candidate
    values: Mapping[str, Value]
    own_stderrs: Mapping[str, float] = field(default_factory=dict)
    campaigns: tuple[str, ...] | None = None

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

    def own_stderr(self, name: str) -> float:
        """Returns the standard error by which this value is compared with that of other candidates; 0 for none."""
        value = self.values.get(name)
        return self.own_stderrs.get(name, 0.0 if value is None else value.stderr or 0.0)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"key", "architecture", "deployment", "values": {name: {"value", "stderr", "unit", …}}}``.

        Where it matters whose the candidate is, ``"campaigns"`` is there too.
        """
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
            **({} if self.campaigns is None else {"campaigns": list(self.campaigns)}),
        }


@dataclass(frozen=True)
class Chosen:
    """The member that a preference chose.

    Attributes:
        key: of the candidate.
        rule: ``weights``, ``knee`` or ``reference-point``.
        sentence: for people, how it was chosen.
        scores: candidate key -> its score under the rule; the least is chosen.
        details: weights, aspirations and ranges, as JSON.
    """

    key: str
    rule: str
    sentence: str
    scores: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns the attributes as a JSON object."""
        return {
            "key": self.key,
            "rule": self.rule,
            "sentence": self.sentence,
            "scores": dict(self.scores),
            **self.details,
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
        chosen: the member that a preference chose, where one was stated.
        dominance: what it took to leave the front.
    """

    campaigns: tuple[str, ...]
    devices: tuple[str, ...]
    objectives: tuple[Objective, ...]
    budgets: tuple[Budget, ...] = ()
    candidates: tuple[FrontCandidate, ...] = ()
    nearest_misses: tuple[NearestMiss, ...] = ()
    notes: tuple[str, ...] = ()
    chosen: Chosen | None = None
    dominance: DominanceRule = DominanceRule.MEAN

    def to_frame(self) -> pandas.DataFrame:
        """Returns the members as a table, one row each: see `protran.front_frame.frame_of`."""
        from protran.front_frame import frame_of  # noqa: PLC0415 - pandas takes a second; only tables pay for it

        return frame_of(self)

    def _repr_html_(self) -> str:
        """Returns what a notebook shows: a table without scripts, in which nothing of a campaign is markup."""
        from protran.front_html import html_of  # noqa: PLC0415 - nobody else pays for it

        return html_of(self)

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON object of DESIGN.md's schema, and ``"nearest_misses"``, ``"notes"`` and ``"dominance"``.

        Where a preference was stated, ``"chosen"`` is there too.
        """
        return {
            "campaigns": list(self.campaigns),
            "devices": list(self.devices),
            "objectives": [objective.to_json() for objective in self.objectives],
            "budgets": [budget.to_json() for budget in self.budgets],
            "candidates": [member.to_json() for member in self.candidates],
            "nearest_misses": [miss.to_json() for miss in self.nearest_misses],
            "notes": list(self.notes),
            "dominance": self.dominance.value,
            **({} if self.chosen is None else {"chosen": self.chosen.to_json()}),
        }


def pareto_front(  # noqa: PLR0913 - the parts of a question
    known: Sequence[FrontCandidate],
    objectives: Sequence[Objective],
    budgets: Sequence[Budget] = (),
    *,
    campaigns: Sequence[str] = (),
    devices: Sequence[str] = (),
    mix_provenance: bool = False,
    confidence: float | None = None,
    dominance: DominanceRule = DominanceRule.MEAN,
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
        dominance: by the values alone, or with a probability: that of `confidence`, or 0.95
            (`protran.noisy_dominance.confidently_non_dominated`).

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
    surely = USUAL_CONFIDENCE if confidence is None else confidence
    if dominance is DominanceRule.CONFIDENT:
        notes.append(f"nobody dominates a member with a probability of {surely:g} or more, by the error bars")
    misses = () if within or not budgets else _nearest(complete, budgets, margin)
    return Front(
        campaigns=tuple(campaigns),
        devices=tuple(devices),
        objectives=tuple(objectives),
        budgets=tuple(budgets),
        candidates=tuple(_best_first(_members(within, objectives, dominance, surely), objectives[0])),
        nearest_misses=misses,
        notes=tuple(notes),
        dominance=dominance,
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


def _members(
    known: Sequence[FrontCandidate], objectives: Sequence[Objective], rule: DominanceRule, confidence: float
) -> list[FrontCandidate]:
    names, directions = [item.name for item in objectives], [item.direction for item in objectives]
    shape = len(known), len(names)
    points = np.array([[member.number(name) for name in names] for member in known], dtype=np.float64).reshape(shape)
    if rule is DominanceRule.MEAN:
        mask = non_dominated(points, directions)
    else:
        errors = np.array([[member.own_stderr(name) for name in names] for member in known]).reshape(shape)
        mask = confidently_non_dominated(points, errors, confidence, directions)
    return [known[place] for place in np.flatnonzero(mask).tolist()]


def _best_first(members: Sequence[FrontCandidate], objective: Objective) -> list[FrontCandidate]:
    sign = -1.0 if objective.direction is Direction.MAXIMISE else 1.0
    ordered = sorted(members, key=lambda member: sign * (member.number(objective.name) or 0.0))
    groups = groupby(ordered, key=lambda member: member.number(objective.name))
    found: list[FrontCandidate] = []
    for _, group in groups:  # keys are hashes: only ties pay for them
        equal = list(group)
        found += equal if len(equal) == 1 else sorted(equal, key=lambda member: member.candidate.key)
    return found


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
