"""Two campaigns, or two groups of them, compared: hypervolume, coverage and attainment, with the doubt of error bars.

All is counted within one box, from the best of all fronts to one reference point a tenth of their range beyond their
worst; costs by their logarithm, rates as they are, as the search itself counts. The doubt comes from drawing every
value anew from its error bar, many times, with one seed; a candidate of both sides has the same value in both. The
volumes of such draws are larger than that of the values themselves, on both sides, because the luckiest count.

Sources: E. Zitzler and L. Thiele, "Multiobjective Evolutionary Algorithms: A Comparative Case Study and the Strength
Pareto Approach" (IEEE Transactions on Evolutionary Computation 3(4), 1999): hypervolume and coverage; V. Grunert da
Fonseca, C. M. Fonseca and A. O. Hall, "Inferential Performance Assessment of Stochastic Optimisers and the Attainment
Function" (EMO 2001).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.benchmark.exact_hypervolume import exact_hypervolume
from protran.campaign.compare_history import growth, points_in_order
from protran.campaign.front_query import FrontQuery, answered
from protran.campaign.known_campaign import KnownCampaign, together
from protran.campaign.own_errors import with_own_stderrs
from protran.campaign.preference import on_axes
from protran.dominance import non_dominated
from protran.errors import InputError
from protran.front import Front, FrontCandidate
from protran.noisy_dominance import USUAL_CONFIDENCE
from protran.objectives import Objective
from protran.quantities import Direction
from protran.units import Unit

Array = npt.NDArray[np.float64]

DRAWS = 400
MARGIN = 0.1
"""How far beyond the worst the reference point lies, in ranges; source: see `protran.optimize.hypervolume`."""
MOST_OBJECTIVES = 4
FEW_MEMBERS = 24
"""In more objectives, the exact volume of more members takes minutes when it is drawn anew hundreds of times."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared.

    Attributes:
        names: its campaigns.
        front: its front, of all its campaigns together.
        volume: hypervolume of the front, as a part of the box; None where it is not computed.
        interval: central interval of the volume over the draws.
        covered: share of its members that a member of the other side dominates.
        surely_covered: share of its members dominated in that share of the draws which the confidence names.
        histories: by campaign, (candidates so far, hypervolume), by short trainings, within the same box.
        attained: by goal, the probability that it has a member at least as good in every objective.
    """

    names: tuple[str, ...]
    front: Front
    volume: float | None
    interval: tuple[float, float] | None
    covered: float
    surely_covered: float
    histories: Mapping[str, list[tuple[int, float]]]
    attained: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; members by their keys."""
        return {
            "campaigns": list(self.names),
            "members": [member.candidate.key for member in self.front.candidates],
            "hypervolume": self.volume,
            "interval": None if self.interval is None else list(self.interval),
            "dominated_share": self.covered,
            "surely_dominated_share": self.surely_covered,
            "history": {
                name: {"evaluations": [n for n, _ in places], "hypervolume": [v for _, v in places]}
                for name, places in self.histories.items()
            },
        }


@dataclass(frozen=True)
class ComparedCampaigns:
    """Two sides and what the draws say of their difference.

    Attributes:
        sides: the two.
        objectives: what their fronts are of.
        reference: the reference point in SI units, by objective.
        ideal: the other corner of the box.
        confidence: of the intervals.
        larger: probability that the first side's hypervolume is the larger, by the error bars; None: not computed.
        difference: central interval of the first volume less the second.
        draws: how many.
        seed: of the draws.
        notes: sentences.
    """

    sides: tuple[Side, Side]
    objectives: tuple[Objective, ...]
    reference: Mapping[str, float]
    ideal: Mapping[str, float]
    confidence: float
    larger: float | None
    difference: tuple[float, float] | None
    draws: int
    seed: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; attainment as a list of goals with the probability of each side."""
        first, second = self.sides
        return {
            "sides": [side.to_json() for side in self.sides],
            "objectives": [objective.to_json() for objective in self.objectives],
            "reference": dict(self.reference),
            "ideal": dict(self.ideal),
            "confidence": self.confidence,
            "first_larger": self.larger,
            "difference": None if self.difference is None else list(self.difference),
            "attainment": [
                {"goal": key, "probabilities": [first.attained[key], second.attained[key]]} for key in first.attained
            ],
            "draws": self.draws,
            "seed": self.seed,
            "notes": list(self.notes),
        }


def compared(
    ours: Sequence[KnownCampaign],
    theirs: Sequence[KnownCampaign],
    query: FrontQuery,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> ComparedCampaigns:
    """Returns how the fronts of two campaigns, or of two groups of campaigns, compare.

    Args:
        ours: one or more.
        theirs: one or more others.
        query: what their fronts are of; objectives, devices and budgets are those that all have.
        draws: of all values from their error bars.
        seed: of the draws.

    Raises:
        InputError: what `together` refuses, or one side has no front.
    """
    everything = together([*ours, *theirs])
    if query.across is not None:
        raise InputError("expected objectives of devices to compare campaigns by, got a look across; leave it out")
    fronts = [_front(everything, side, query) for side in (ours, theirs)]
    for side, front in zip((ours, theirs), fronts, strict=True):
        if not front.candidates:
            raise InputError(f"no candidate of {', '.join(c.names[0] for c in side)} is on a front to compare by")
    objectives = fronts[0].objectives
    box = _Box.of([member for front in fronts for member in front.candidates], objectives)
    confidence = USUAL_CONFIDENCE if query.confidence is None else query.confidence
    table = _Draws(fronts, box, draws, seed)
    computed = len(objectives) <= MOST_OBJECTIVES or max(len(front.candidates) for front in fronts) <= FEW_MEMBERS
    volumes = [table.volumes(place) for place in (0, 1)] if computed else None
    sides = tuple(
        _side(place, fronts, table, volumes, confidence, _histories((ours, theirs)[place], everything, box))
        for place in (0, 1)
    )
    lead = None if volumes is None else volumes[0][1:] - volumes[1][1:]
    notes = [*everything.notes, *_notes(everything, computed)]
    return ComparedCampaigns(
        sides=(sides[0], sides[1]),
        objectives=objectives,
        reference=box.back(np.ones(len(objectives))),
        ideal=box.back(np.zeros(len(objectives))),
        confidence=confidence,
        larger=None if lead is None else float((lead > 0).mean() + 0.5 * (lead == 0).mean()),
        difference=None if lead is None else _interval(lead, confidence),
        draws=draws,
        seed=seed,
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Box:
    """The box in which volumes are counted: 0 is the best of all fronts, 1 the reference point."""

    objectives: tuple[Objective, ...]
    low: Array
    range: Array

    @classmethod
    def of(cls, members: Sequence[FrontCandidate], objectives: Sequence[Objective]) -> _Box:
        axes = on_axes(_numbers(members, objectives), objectives)
        low, high = axes.min(axis=0), axes.max(axis=0)
        span = np.maximum(high - low, 1e-3 * (1.0 + np.abs(high)))  # an objective that does not vary has a little
        return cls(tuple(objectives), low, (high - low) + MARGIN * span)

    def places(self, values: Array) -> Array:
        """Returns `values: n x m` in SI units as places in the box, cut at its borders."""
        return np.asarray(np.clip((on_axes(values, self.objectives) - self.low) / self.range, 0.0, 1.0))

    def back(self, place: Array) -> dict[str, float]:
        """Returns a place in SI units, by objective."""
        found = {}
        for objective, number in zip(self.objectives, self.low + place * self.range, strict=True):
            signed = -number if objective.direction is Direction.MAXIMISE else number
            found[objective.name] = float(signed if objective.quantity.unit is Unit.FRACTION else np.exp(signed))
        return found


class _Draws:
    """All members' values, drawn anew from their error bars; the first row holds the values themselves."""

    def __init__(self, fronts: Sequence[Front], box: _Box, draws: int, seed: int) -> None:
        members = {member.candidate.key: member for front in fronts for member in front.candidates}
        self.keys = list(members)
        names = [objective.name for objective in box.objectives]
        values = _numbers(list(members.values()), box.objectives)
        errors = np.array([[member.own_stderr(name) for name in names] for member in members.values()])
        noise = np.random.default_rng(seed).standard_normal((draws, *values.shape))
        noise = np.concatenate([np.zeros((1, *values.shape)), noise])
        self.cube = np.stack([box.places(values + errors * part) for part in noise])  # (1 + draws, n, m)
        self.own = [[self.keys.index(member.candidate.key) for member in front.candidates] for front in fronts]

    def volumes(self, side: int) -> Array:
        """Returns `1 + draws` hypervolumes of a side; the first is that of the values."""
        cubes = self.cube[:, self.own[side]]
        return np.array([exact_hypervolume(cube[non_dominated(cube)]) for cube in cubes])

    def attained(self, side: int, key: str) -> Array:
        """Returns `1 + draws`: whether a side has a member at least as good as the values of the candidate `key`."""
        goal = self.cube[0, self.keys.index(key)]
        return np.asarray((self.cube[:, self.own[side]] <= goal).all(axis=2).any(axis=1))

    def dominated(self, side: int) -> Array:
        """Returns `1 + draws x members`: whether a member of the other side dominates each member of a side."""
        ours, theirs = self.cube[:, self.own[side]], self.cube[:, self.own[1 - side]]
        as_good = (theirs[:, :, None, :] <= ours[:, None, :, :]).all(axis=3)
        better = (theirs[:, :, None, :] < ours[:, None, :, :]).any(axis=3)
        return np.asarray(np.any(as_good & better, axis=1))


def _front(everything: KnownCampaign, side: Sequence[KnownCampaign], query: FrontQuery) -> Front:
    """Returns the front of one side, by the devices, objectives and budgets of both."""
    own = together(side)
    shared = {device.identity for device in everything.problem.devices}
    devices = tuple(device for device in own.problem.devices if device.identity in shared)
    names = {device.identity: device.name for device in everything.problem.devices}
    renamed = tuple(dataclasses.replace(device, name=names[device.identity]) for device in devices)
    problem = dataclasses.replace(
        own.problem,
        devices=renamed,
        objectives=everything.problem.objectives,
        budgets=everything.problem.budgets,
    )
    known = dataclasses.replace(own, problem=problem, verified=everything.verified)
    front = answered(known, dataclasses.replace(query, prefer=None, reference_point=None))
    members = with_own_stderrs(problem, own.findings, front.candidates, verified=everything.verified)
    return dataclasses.replace(front, candidates=tuple(members), campaigns=own.names)


def _side(
    place: int,
    fronts: Sequence[Front],
    table: _Draws,
    volumes: Sequence[Array] | None,
    confidence: float,
    histories: Mapping[str, list[tuple[int, float]]],
) -> Side:
    dominated = table.dominated(place)
    goals = dict.fromkeys(member.candidate.key for front in fronts for member in front.candidates)
    return Side(
        names=fronts[place].campaigns,
        front=fronts[place],
        volume=None if volumes is None else float(volumes[place][0]),
        interval=None if volumes is None else _interval(volumes[place][1:], confidence),
        covered=float(dominated[0].mean()),
        surely_covered=float((dominated[1:].mean(axis=0) >= confidence).mean()),
        histories=histories,
        attained={key: float(table.attained(place, key)[1:].mean()) for key in goals},
    )


def _histories(
    campaigns: Sequence[KnownCampaign], everything: KnownCampaign, box: _Box
) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    if len(box.objectives) > MOST_OBJECTIVES:
        return found
    for campaign in campaigns:
        problem = dataclasses.replace(campaign.problem, devices=everything.problem.devices)
        points = points_in_order(dataclasses.replace(campaign, problem=problem), box.objectives)
        found[campaign.names[0]] = growth(box.places(points), exact_hypervolume)
    return found


def _numbers(members: Sequence[FrontCandidate], objectives: Sequence[Objective]) -> Array:
    rows = [[member.number(objective.name) for objective in objectives] for member in members]
    return np.array(rows, dtype=np.float64).reshape(len(members), len(objectives))


def _interval(values: Array, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _notes(everything: KnownCampaign, computed: bool) -> list[str]:
    notes = [
        "the fronts are of what was measured; where a campaign ran once, the doubt is that of its error bars, not of "
        "another run",
        "the history is by short trainings, the fronts "
        + ("by verified values" if everything.verified else "too: not all campaigns have verified theirs"),
    ]
    if not computed:
        notes.append(f"the hypervolume of such fronts in more than {MOST_OBJECTIVES} objectives is not computed")
    return notes
