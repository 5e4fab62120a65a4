"""Why a candidate is on a front, or why not: who dominates it, which budgets it breaks, what would have to change."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protran.budgets import Budget
from protran.campaign.across import objectives_across, with_values_across
from protran.campaign.explain_genes import GeneChange, gene_changes
from protran.campaign.front_query import FrontQuery, budgets_of, objectives_of
from protran.campaign.fronts import UNVERIFIED, known_candidates
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.own_errors import with_own_stderrs
from protran.campaign.predicted_values import NOT_THE_SEARCHS_OWN, Predictor
from protran.campaign.preference import Places
from protran.errors import InputError
from protran.front import FrontCandidate, pareto_front
from protran.noisy_dominance import dominance_probability
from protran.objectives import Objective
from protran.quantities import Direction
from search_spaces.errors import SpaceError

_KEY = re.compile(r"[0-9a-f]{4,64}")
SHORT = "it was not verified, so it and all others are compared by short trainings here"


@dataclass(frozen=True)
class Lead:
    """By how much one candidate is better than another in one objective, in SI units; below 0 it is worse.

    Attributes:
        value: the lead.
        stderr: of the lead, without what both share.
        probability: that it is really better.
    """

    value: float
    stderr: float
    probability: float


@dataclass(frozen=True)
class Rival:
    """A member of the front that dominates a candidate, by the values.

    Attributes:
        member: who.
        probability: with which it dominates, by the error bars.
        leads: by objective.
    """

    member: FrontCandidate
    probability: float
    leads: Mapping[str, Lead]

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"key", "probability", "leads": {objective: {"value", "stderr", "probability"}}}``."""
        leads = {name: dataclasses.asdict(lead) for name, lead in self.leads.items()}
        return {"key": self.member.candidate.key, "probability": self.probability, "leads": leads}


@dataclass(frozen=True)
class Explanation:
    """Why a candidate is on a front, or why not.

    Attributes:
        member: the candidate and its values.
        on_front: whether it is on the front.
        objectives: of the front.
        rivals: the members that dominate it, the surest first.
        missed: (budget, value, by what part of the limit it is exceeded; None where the value is not known).
        needed: objective -> the value below (or above) which it would be dominated no longer, all else as it is.
        genes: what would follow from a change of each gene, by the surrogates.
        notes: sentences.
    """

    member: FrontCandidate
    on_front: bool
    objectives: tuple[Objective, ...]
    rivals: tuple[Rival, ...]
    missed: tuple[tuple[Budget, float | None, float | None], ...]
    needed: Mapping[str, float]
    genes: tuple[GeneChange, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: the candidate as on a front, and the attributes."""
        return {
            **self.member.to_json(),
            "on_front": self.on_front,
            "objectives": [objective.to_json() for objective in self.objectives],
            "dominated_by": [rival.to_json() for rival in self.rivals],
            "budgets_missed": [
                {**budget.to_json(), "value": value, "excess": excess} for budget, value, excess in self.missed
            ],
            "needed": {
                name: {"better_than": limit, "value": self.member.number(name)} for name, limit in self.needed.items()
            },
            "genes": [change.to_json() for change in self.genes],
            "notes": list(self.notes),
        }


def explained(known: KnownCampaign, query: FrontQuery, candidate: str) -> Explanation:
    """Returns why a candidate of a campaign is on the front that was asked for, or why not; nothing new is measured.

    One that was not verified is compared by short trainings, with all others by short trainings too.

    Args:
        known: the campaign.
        query: what the front is of; its preference plays no part.
        candidate: the first digits of its key.

    Raises:
        InputError: no candidate, or several, begin so; it was never scored or profiled; or what the front refuses.
    """
    objectives, budgets = objectives_of(known, query), budgets_of(known, query)
    members, member, verified = _looked_up(known, candidate)
    members = with_own_stderrs(known.problem, known.findings, members, verified=verified)
    names = [device.name for device in known.problem.devices]
    wanted = tuple(objectives)
    if query.across is not None:
        members = with_values_across(members, objectives, names, query.across)
        wanted = objectives_across(objectives, query.across)
    member = next(item for item in members if item.candidate.key == member.candidate.key)
    front = pareto_front(
        members, wanted, budgets, campaigns=known.names, devices=names,
        confidence=query.confidence, dominance=query.dominance,
    )  # fmt: skip
    rivals = _rivals(member, front.candidates, wanted)
    genes, notes = _genes(known, member, objectives, budgets, Places.of(front) if front.candidates else None)
    return Explanation(
        member=member,
        on_front=any(item.candidate.key == member.candidate.key for item in front.candidates),
        objectives=wanted,
        rivals=rivals,
        missed=_missed(member, budgets),
        needed=_needed(rivals, wanted),
        genes=tuple(genes),
        notes=(*([] if verified else [UNVERIFIED if not known.verified else SHORT]), *known.notes, *notes),
    )


def _looked_up(known: KnownCampaign, text: str) -> tuple[list[FrontCandidate], FrontCandidate, bool]:
    """Returns the candidates that can be compared with the one of this key, that one, and whether they are verified."""
    name = ", ".join(known.names)
    if not _KEY.fullmatch(text):
        raise InputError(f"candidate must be four or more of the first digits of a key; got {text[:80]!r}")
    found = [key for key in known.findings.candidates if key.startswith(text)]
    if len(found) > 1:
        raise InputError(f"several candidates of {name} begin with {text}; give more digits of one key")
    if not found:
        raise InputError(
            f"no candidate of {name} begins with {text}; `protran pareto` shows keys of those on the front"
        )
    for verified in (True, False) if known.verified else (False,):
        members = known_candidates(known.problem, known.findings, verified=verified)
        member = next((item for item in members if item.candidate.key == found[0]), None)
        if member is not None:
            return members, member, verified
    why = known.findings.failure(known.findings.candidates[found[0]])
    raise InputError(
        f"candidate {found[0][:8]} cannot be compared: {why or 'it was profiled, but never trained, or not everywhere'}"
    )


def _rivals(
    member: FrontCandidate, front: Sequence[FrontCandidate], objectives: Sequence[Objective]
) -> tuple[Rival, ...]:
    found = []
    for other in front:
        leads = {item.name: _lead(member, other, item) for item in objectives}
        if all(lead is not None and lead.value >= 0 for lead in leads.values()):
            known = {name: lead for name, lead in leads.items() if lead is not None}
            if any(lead.value > 0 for lead in known.values()):
                found.append(Rival(other, _probability(other, member, objectives), known))
    return tuple(sorted(found, key=lambda rival: (-rival.probability, rival.member.candidate.key)))


def _lead(member: FrontCandidate, other: FrontCandidate, objective: Objective) -> Lead | None:
    name, sign = objective.name, -1.0 if objective.direction is Direction.MAXIMISE else 1.0
    ours, theirs = member.number(name), other.number(name)
    if ours is None or theirs is None:
        return None
    stderr = math.hypot(member.own_stderr(name), other.own_stderr(name))
    return Lead(sign * (ours - theirs), stderr, _probability(other, member, [objective]))


def _probability(one: FrontCandidate, other: FrontCandidate, objectives: Sequence[Objective]) -> float:
    names, directions = [item.name for item in objectives], [item.direction for item in objectives]
    values = [[math.nan if (v := member.number(n)) is None else v for n in names] for member in (one, other)]
    errors = [[member.own_stderr(name) for name in names] for member in (one, other)]
    return float(dominance_probability(values[0], errors[0], values[1], errors[1], directions)[0])


def _missed(member: FrontCandidate, budgets: Sequence[Budget]) -> tuple[tuple[Budget, float | None, float | None], ...]:
    found = []
    for budget in budgets:
        value = member.number(budget.name)
        excess = budget.excess(value)
        if excess > 0:
            found.append((budget, value, excess if math.isfinite(excess) else None))
    return tuple(sorted(found, key=lambda item: math.inf if item[2] is None else item[2]))


def _needed(rivals: Sequence[Rival], objectives: Sequence[Objective]) -> dict[str, float]:
    """Returns for each objective the best value among the rivals: better than that alone, nobody dominates it."""
    found: dict[str, float] = {}
    for objective in objectives:
        best = max if objective.direction is Direction.MAXIMISE else min
        numbers = [number for rival in rivals if (number := rival.member.number(objective.name)) is not None]
        if numbers:
            found[objective.name] = best(numbers)
    return found


def _genes(
    known: KnownCampaign,
    member: FrontCandidate,
    objectives: Sequence[Objective],
    budgets: Sequence[Budget],
    places: Places | None,
) -> tuple[list[GeneChange], list[str]]:
    try:
        predictor = Predictor(known, objectives, budgets)
        ranges = {} if places is None else dict(zip((o.name for o in places.objectives), places.ranges, strict=True))
        ranges = {name: float(ranges.get(name, 1.0)) for name in (o.name for o in objectives)}
        found = gene_changes(known.problem.space, member.candidate, predictor, ranges)
    except (InputError, SpaceError) as error:
        return [], [f"nothing is said about genes: {error}"]
    notes = ["what follows from a gene is predicted by the surrogates; ± is what they do not know of the difference"]
    return found, [*notes, *([NOT_THE_SEARCHS_OWN] if known.seeded_elsewhere else [])]
