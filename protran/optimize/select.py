"""Which of the known candidates are worth verifying: the subset believed to hold the most hypervolume."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from protran.optimize.beliefs import can_believe, fit_beliefs
from protran.optimize.hypervolume import hypervolume, non_dominated, reference_point
from protran.optimize.seeds import child_seed, deterministic_torch
from protran.optimize.state import Knowledge, SearchState, finite_names
from protran.optimize.target import make_target, to_volume
from search_spaces.candidate import Candidate

Array = npt.NDArray[np.float64]

KEPT_WITH = 0.95
"""Probability with which what is verified first keeps each budget."""


def select_front(state: SearchState, limit: int) -> list[Candidate]:
    """Returns `limit` scored candidates: the best by score, then those that add most hypervolume, then the next fronts.

    What counts are beliefs rather than observed scores, because the best of many noisy scores is mostly luck: the
    surrogate's mean shrinks each score towards what its neighbours say, and carries it to full fidelity. Candidates
    believed to keep the budgets with a probability of `KEPT_WITH` are chosen from; then those nearest to that. There
    are fewer than `limit` only where fewer were scored. A pure function of its arguments.

    Raises:
        ValueError: `limit` is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    known = _scored(state)
    if not can_believe(state) or not known:
        return known[:limit]
    with deterministic_torch(child_seed(state.seed, state.step, "select")):
        beliefs = fit_beliefs(state)
        rows = beliefs.inputs.of_candidates(known)
        scaled = beliefs.mean(rows)
        margin = NormalDist().inv_cdf(KEPT_WITH) * beliefs.doubt(rows).sqrt()
        excess = make_target(beliefs, rows, state.budgets).excess(scaled + margin).numpy()
        points = to_volume(beliefs.objectives, scaled).numpy()
    keepers = np.flatnonzero(excess <= 0)
    scores = [beliefs.objectives.index(objective) for objective in state.of(Knowledge.SCORE)]
    chosen = [int(keepers[i]) for i in ranked(points[keepers], limit, scores)]
    nearest = [int(i) for i in np.argsort(excess, kind="stable") if excess[i] > 0]
    return [known[i] for i in (*chosen, *nearest)][:limit]


def ranked(points: Array, limit: int, first: Sequence[int] = ()) -> list[int]:
    """Returns the places of `limit` of `points: n x m` (to minimise): of the front, then of the fronts behind it.

    Whoever lies just behind the front by belief may be on it by measurement, so that work which a small front leaves
    goes to them. Source: non-dominated sorting, Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm:
    NSGA-II" (IEEE Transactions on Evolutionary Computation 6(2), 2002), section III.
    """
    chosen: list[int] = []
    left = np.arange(len(points))
    while len(chosen) < limit and len(left):
        layer = left[non_dominated(points[left])]
        chosen += [int(layer[i]) for i in largest_subset(points[layer], limit - len(chosen), () if chosen else first)]
        left = np.setdiff1d(left, layer)
    return chosen


def largest_subset(points: Array, limit: int, first: Sequence[int] = ()) -> list[int]:
    """Returns the places of at most `limit` of `points: n x m` (to minimise), greedily by hypervolume gained.

    Before that come the best points by the objectives `first`: however dear it is, users want to see the most accurate
    one. Greedy is within 1 - 1/e of the best subset, because the hypervolume is submodular. Source: Guerreiro, Fonseca
    and Paquete, "Greedy Hypervolume Subset Selection in Low Dimensions" (Evolutionary Computation 24(3), 2016).
    """
    places = [int(i) for i in np.flatnonzero(non_dominated(points))]
    if not places:
        return []
    reference = reference_point(points)
    chosen = list(dict.fromkeys(min(places, key=lambda place: points[place, axis]) for axis in first))[:limit]
    places = [place for place in places if place not in chosen]
    while places and len(chosen) < limit:
        volumes = [hypervolume(points[[*chosen, place]], reference) for place in places]
        chosen.append(places.pop(int(np.argmax(volumes))))
    return chosen


def _scored(state: SearchState) -> list[Candidate]:
    scores = {objective.name for objective in state.of(Knowledge.SCORE)}
    excluded = {candidate.key for candidate in state.excluded}
    rows = [row for row in state.observations if not scores or scores & finite_names(row)]
    return list({row.candidate.key: row.candidate for row in rows if row.candidate.key not in excluded}.values())
