"""In which order a campaign came to know its candidates, and how its hypervolume grew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from protran.campaign.fronts import known_candidates
from protran.campaign.known_campaign import KnownCampaign
from protran.dominance import non_dominated
from protran.objectives import Objective
from protran.training.scored import scored_candidate

Array = npt.NDArray[np.float64]
MOST_PLACES = 40


def points_in_order(known: KnownCampaign, objectives: Sequence[Objective]) -> Array:
    """Returns `n x m`: the objectives of all candidates by short trainings, in the order in which they became known.

    In SI units. A candidate is known when the last of its profile and its short training is there.
    """
    names, ends = [item.name for item in objectives], _ends(known)
    found = []
    for member in known_candidates(known.problem, known.findings, verified=False):
        numbers = [member.number(name) for name in names]
        if all(number is not None for number in numbers) and member.candidate.key in ends:
            found.append((ends[member.candidate.key], member.candidate.key, numbers))
    found.sort(key=lambda item: item[:2])
    return np.array([numbers for *_, numbers in found], dtype=np.float64).reshape(len(found), len(names))


def growth(cube: Array, volume: Callable[[Array], float]) -> list[tuple[int, float]]:
    """Returns (candidates so far, their volume) at up to `MOST_PLACES` places of `cube: n x m`."""
    count = len(cube)
    places = (
        range(count) if count <= MOST_PLACES else sorted({round(x) for x in np.linspace(0, count - 1, MOST_PLACES)})
    )
    return [(place + 1, volume(seen[non_dominated(seen)])) for place in places for seen in [cube[: place + 1]]]


def _ends(known: KnownCampaign) -> dict[str, int]:
    profiled: dict[str, int] = {}
    scored: dict[str, int] = {}
    for number, row in enumerate(known.rows):
        if row.ok and row.measurement is not None:
            profiled.setdefault(row.candidate.key, number)
        elif row.ok and row.evaluation is not None and row.evaluation.fidelity == known.problem.low:
            scored.setdefault(row.evaluation.candidate.key, number)
    found = {}
    for key, number in profiled.items():
        score = scored.get(scored_candidate(known.findings.candidates[key]).key)
        if score is not None:
            found[key] = max(number, score)
    return found
