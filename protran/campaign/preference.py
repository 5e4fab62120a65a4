"""Which member of a front suits a stated preference: weights, the knee, or a point to reach.

All three work on places between the best and the worst of the front, 0 and 1 for each objective: costs by their
logarithm (the decades of a cost count alike, as in the hypervolume), rates as they are. An objective in which all
members are equal decides nothing. Ties go to the smaller sum of places, then to the key.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.budgets import Budget
from protran.errors import InputError
from protran.front import Chosen, Front
from protran.objectives import Objective
from protran.quantities import Direction, parse_quantity, split_device
from protran.units import Unit

Array = npt.NDArray[np.float64]

KNEE = "knee"
AUGMENTATION = 0.05
"""Share of the sum beside the worst objective, so that of members with equal worst the better one is chosen.

Source: J. Knowles, "ParEGO", IEEE Transactions on Evolutionary Computation 10(1), 2006, after Steuer and Choo."""
_FLOOR = 1e-12  # a picosecond, a picojoule: below every measured cost


@dataclass(frozen=True)
class Places:
    """The members' places between the best (0) and the worst (1) of the front.

    Attributes:
        objectives: `m`.
        keys: `n`, of the members.
        places: `n x m`.
        ideal: `m`, the best on the axis.
        ranges: `m`, from the best to the worst on the axis; 1 where all are equal.
    """

    objectives: tuple[Objective, ...]
    keys: tuple[str, ...]
    places: Array
    ideal: Array
    ranges: Array

    @classmethod
    def of(cls, front: Front) -> Places:
        """Returns the places of a front's members."""
        names = [item.name for item in front.objectives]
        values = np.array([[member.number(name) for name in names] for member in front.candidates], dtype=np.float64)
        axes = on_axes(values.reshape(len(front.candidates), len(names)), front.objectives)
        ideal = axes.min(axis=0)
        ranges = axes.max(axis=0) - ideal
        ranges = np.where(ranges > 0, ranges, 1.0)
        keys = tuple(member.candidate.key for member in front.candidates)
        return cls(front.objectives, keys, (axes - ideal) / ranges, ideal, ranges)

    def of_point(self, values: Sequence[float | None]) -> Array:
        """Returns the places `m` of values in SI units; the worst of the front, or 0 where all are equal, for None."""
        worst = self.places.max(axis=0)
        given = np.array([[np.nan if value is None else value for value in values]], dtype=np.float64)
        places = (on_axes(given, self.objectives)[0] - self.ideal) / self.ranges
        return np.asarray(np.where(np.isnan(given[0]), worst, places))


def on_axes(values: Array, objectives: Sequence[Objective]) -> Array:
    """Returns `values: n x m` in SI units on the axes of the objectives, to minimise: costs as logarithms."""
    columns = []
    for column, objective in zip(values.T, objectives, strict=True):
        axis = column if objective.quantity.unit is Unit.FRACTION else np.log(np.maximum(column, _FLOOR))
        columns.append(-axis if objective.direction is Direction.MAXIMISE else axis)
    return np.stack(columns, axis=1) if columns else values


def with_choice(front: Front, prefer: str | None, reference_point: str | None) -> Front:
    """Returns the front with the member that a preference chooses; without a preference or a member, as it is.

    Args:
        front: whose members are chosen from.
        prefer: ``knee``, or weights such as ``error=2,latency=1``.
        reference_point: what one would like to reach, such as ``error<=25%,latency<=1ms``; it excludes nobody.

    Raises:
        InputError: both are given, or one cannot be read.
    """
    if prefer is not None and reference_point is not None:
        raise InputError("expected weights, the knee or a reference point, got two of them; give one")
    if prefer is None and reference_point is None:
        return front
    weights = None if prefer is None or prefer.strip().lower() == KNEE else weights_of(prefer, front)
    goals = None if reference_point is None else goals_of(reference_point, front)
    if not front.candidates:
        return front
    places = Places.of(front)
    if goals is not None:
        chosen = _by_reference(places, goals)
    else:
        chosen = _by_knee(places) if weights is None else _by_weights(places, weights)
    return dataclasses.replace(front, chosen=chosen)


def weights_of(text: str, front: Front) -> dict[str, float]:
    """Returns objective name -> weight, summing to 1, of ``error=2,latency=1``; what is not named weighs nothing.

    A quantity of several devices without ``@DEVICE`` gives its weight to each of them.

    Raises:
        InputError: a word is no objective of the front, or a weight no positive number.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        word, equals, number = part.partition("=")
        weight = _weight(number) if equals else None
        if weight is None:
            raise InputError(f"preference must be knee, or weights such as error=2,latency=1; got {part.strip()!r}")
        for objective in _meant(word, front.objectives, "preference"):
            if objective.name in found:
                raise InputError(f"preference: {objective.name} has two weights; give one")
            found[objective.name] = weight
    total = sum(found.values())
    return {name: weight / total for name, weight in found.items()}


def goals_of(text: str, front: Front) -> dict[str, Budget]:
    """Returns objective name -> what one would like to reach there.

    Raises:
        InputError: a part cannot be read, or is about no objective of the front.
    """
    parts = [part for part in text.split(",") if part.strip()]
    if not parts:
        raise InputError("reference point must be like error<=25%,latency<=1ms; got nothing")
    found: dict[str, Budget] = {}
    for part in parts:
        budget = Budget.parse(part)
        word = budget.quantity.value if budget.device is None else f"{budget.quantity.value}@{budget.device}"
        for objective in _meant(word, front.objectives, "reference point"):
            if objective.name in found:
                raise InputError(f"reference point: {objective.name} is given twice; give it once")
            found[objective.name] = budget
    return found


def _by_weights(places: Places, weights: Mapping[str, float]) -> Chosen:
    """Augmented Chebyshev: the member whose worst weighted place is best.

    Source: R. E. Steuer and E. U. Choo, "An Interactive Weighted Tchebycheff Procedure for Multiple Objective
    Programming", Mathematical Programming 26, 1983.
    """
    factors = np.array([weights.get(objective.name, 0.0) for objective in places.objectives])
    weighted = places.places * factors
    scores = weighted.max(axis=1) + AUGMENTATION * weighted.sum(axis=1)
    told = ", ".join(f"{_word(item)} {weights.get(item.name, 0.0):.3g}" for item in places.objectives)
    sentence = f"its worst objective is least bad (augmented Chebyshev), weighted {told}"
    return _least(places, scores, "weights", sentence, {"weights": dict(weights), "augmentation": AUGMENTATION})


def _by_knee(places: Places) -> Chosen:
    """The member farthest from the plane through the extremes, on the side of the ideal.

    Source: I. Das, "On Characterizing the 'Knee' of the Pareto Curve Based on Normal-Boundary Intersection",
    Structural Optimization 18, 1999.
    """
    normal = _plane(places.places)
    lead = (1.0 - places.places @ normal) / np.linalg.norm(normal)
    bulges = bool(lead.max() > 1e-9)
    sentence = (
        "the knee: farthest from the plane through the best of each objective, towards the ideal"
        if bulges
        else "no knee: the front bulges nowhere towards the ideal, and nobody lies nearer to it than the extremes"
    )
    return _least(places, -lead, KNEE, sentence, {"plane": normal.tolist(), "bulges": bulges})


def _plane(places: Array) -> Array:
    """Returns `m`, the normal of the plane ``normal @ place = 1`` through the extremes.

    Where these do not span one that faces the ideal, as extremes of three and more objectives may not, it is that
    through the points at which one objective is worst and the others are best.
    """
    count = places.shape[1]
    extremes = np.stack([places[np.lexsort((places.sum(axis=1), places[:, axis]))[0]] for axis in range(count)])
    try:
        normal = np.linalg.solve(extremes, np.ones(count))
    except np.linalg.LinAlgError:
        return np.ones(count)
    return normal if np.isfinite(normal).all() and (normal > 1e-9).all() else np.ones(count)


def _by_reference(places: Places, goals: Mapping[str, Budget]) -> Chosen:
    """The achievement function: the member whose largest shortfall from the wish is least.

    Source: A. P. Wierzbicki, "The Use of Reference Objectives in Multiobjective Optimization", in Fandel and Gal
    (eds.), Multiple Criteria Decision Making Theory and Application, Springer, 1980.
    """
    wish = places.of_point([goals[item.name].limit if item.name in goals else None for item in places.objectives])
    short = places.places - wish
    scores = short.max(axis=1) + AUGMENTATION * short.sum(axis=1)
    told = ", ".join(budget.describe() for budget in goals.values())
    chosen = _least(places, scores, "reference-point", "", {"goals": {n: b.limit for n, b in goals.items()}})
    worst = short[places.keys.index(chosen.key)]
    behind = [_word(item) for item, part in zip(places.objectives, worst, strict=True) if part > 1e-12]
    reached = (
        f"misses {' and '.join(behind)} by the least that is to be had" if behind else "reaches all and goes on most"
    )
    return dataclasses.replace(chosen, sentence=f"nearest to {told} (achievement function): it {reached}")


def _least(places: Places, scores: Array, rule: str, sentence: str, details: dict[str, Any]) -> Chosen:
    sums = places.places.sum(axis=1)
    best = min(
        range(len(scores)), key=lambda i: (round(float(scores[i]), 12), round(float(sums[i]), 12), places.keys[i])
    )
    told = {key: float(f"{score:.6g}") for key, score in zip(places.keys, scores, strict=True)}
    return Chosen(
        places.keys[best], rule, sentence, told, {**details, "axes": "0 best, 1 worst of the front; costs log"}
    )


def _meant(word: str, objectives: Sequence[Objective], what: str) -> list[Objective]:
    text, device = split_device(word)
    quantity = parse_quantity(text)
    found = [item for item in objectives if item.quantity is quantity and device in (None, item.device)]
    if not found:
        names = ", ".join(_word(objective) for objective in objectives)
        raise InputError(f"{what}: {word.strip()!r} is none of the front's objectives ({names})")
    return found


def _word(objective: Objective) -> str:
    where = f"@{objective.device}" if objective.qualified and objective.device is not None else ""
    return f"{objective.quantity.short_name}{where}"


def _weight(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
