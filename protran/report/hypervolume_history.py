"""How the hypervolume of what a search has found grew with the candidates that it scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.benchmark.exact_hypervolume import exact_hypervolume
from protran.dominance import non_dominated
from protran.objectives import Objective
from protran.quantities import Direction, Quantity

Array = npt.NDArray[np.float64]

MOST_PLACES = 60
MOST_OBJECTIVES = 4
"""The exact volume of a large front in more objectives takes minutes."""
_FLOOR = 1e-12  # a picosecond, a picojoule: below every measured cost


def hypervolume_history(
    points: Array, objectives: Sequence[Objective], limits: Sequence[float | None] | None = None
) -> dict[str, Any]:
    """Returns the hypervolume after so many scored candidates, as a part of the box from the reference to the ideal.

    Costs count by their logarithm, error rates as they are: as the search itself counts. The reference and the ideal
    are those of all points, so that the curve can only rise.

    Args:
        points: `n x m`, in the order in which they became known, in SI units; no NaN.
        objectives: `m`, what the columns are.
        limits: `m`, budgets; what lies far outside is worth nothing.

    Returns:
        ``{"evaluations": [...], "volume": [...], "reference": [...], "objectives": [...]}``, the reference in SI units.
    """
    names = [objective.name for objective in objectives]
    empty: dict[str, Any] = {"evaluations": [], "volume": [], "reference": [], "objectives": names}
    if len(points) == 0 or len(objectives) > MOST_OBJECTIVES:
        return empty
    from protran.optimize.hypervolume import reference_point  # noqa: PLC0415 - torch takes seconds; tests of others go without

    volume = _on_axes(points, objectives)
    bounds = None if limits is None else _limits_on_axes(limits, objectives)
    reference = reference_point(volume, bounds)
    ideal = np.minimum(volume.min(axis=0), reference)
    cube = np.clip((volume - ideal) / np.where(reference > ideal, reference - ideal, 1.0), 0.0, 1.0)
    places = _places(cube)
    return {
        "evaluations": [place + 1 for place in places],
        "volume": [float(f"{exact_hypervolume(_front_of(cube[: place + 1])):.6g}") for place in places],
        "reference": [
            float(f"{_back(number, objective):.6g}") for number, objective in zip(reference, objectives, strict=True)
        ],
        "objectives": names,
    }


def _on_axes(points: Array, objectives: Sequence[Objective]) -> Array:
    """Returns the points to minimise, costs as logarithms."""
    columns = []
    for place, objective in enumerate(objectives):
        column = points[:, place] if _is_rate(objective) else np.log(np.maximum(points[:, place], _FLOOR))
        columns.append(-column if objective.direction is Direction.MAXIMISE else column)
    return np.stack(columns, axis=1)


def _limits_on_axes(limits: Sequence[float | None], objectives: Sequence[Objective]) -> list[float | None]:
    given = np.array([[np.nan if limit is None else limit for limit in limits]], dtype=np.float64)
    return [None if np.isnan(number) else float(number) for number in _on_axes(given, objectives)[0]]


def _back(number: float, objective: Objective) -> float:
    signed = -number if objective.direction is Direction.MAXIMISE else number
    return float(signed if _is_rate(objective) else np.exp(signed))


def _is_rate(objective: Objective) -> bool:
    return objective.quantity in (Quantity.ERROR, Quantity.TEST_ERROR)


def _front_of(cube: Array) -> Array:
    return np.asarray(cube[non_dominated(cube)])


def _places(cube: Array) -> list[int]:
    """Returns the places at which to look: all of a few, else the first, the last and what lies evenly between."""
    count = len(cube)
    if count <= MOST_PLACES:
        return list(range(count))
    return sorted({round(place) for place in np.linspace(0, count - 1, MOST_PLACES)})
