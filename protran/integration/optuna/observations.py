"""What the trials of a study say, as numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from protran.integration.optuna.axes import Array
from protran.integration.optuna.cube import ParameterCube

LARGEST = 1e100
"""Larger numbers, and infinite ones, count as this: their squares would overflow."""
WORST = 10.0
"""A value of a single objective that is worse than the median by so many times what the best is better by counts as
that bad: what is far from good need not be told apart."""


@dataclass(frozen=True)
class Observations:
    """The complete trials, in their order.

    Attributes:
        points: `n x d` in the unit cube.
        values: `n x m`, to minimise.
        constraints: `n x c`, kept where at most 0; NaN where a trial does not say.
        feasible: `n`, whether a trial keeps all constraints that it names.
    """

    points: Array
    values: Array
    constraints: Array
    feasible: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.points)


def observations_of(
    trials: Sequence[FrozenTrial], cube: ParameterCube, directions: Sequence[StudyDirection]
) -> Observations:
    """Returns what complete trials with the cube's parameters say.

    Failed, pruned and running trials are left out, and those with a value that is no number.
    """
    used = [trial for trial in trials if _usable(trial, cube)]
    names = sorted({name for trial in used for name in trial.constraints})
    constraints = [[trial.constraints.get(name, math.nan) for name in names] for trial in used]
    signs = [-1.0 if direction is StudyDirection.MAXIMIZE else 1.0 for direction in directions]
    values = np.array([trial.values for trial in used], dtype=np.float64).reshape(len(used), len(signs))
    return Observations(
        points=np.array([point_of(trial, cube) for trial in used]).reshape(len(used), cube.dimension),
        values=_tame(np.clip(values * signs, -LARGEST, LARGEST)),
        constraints=np.clip(np.array(constraints, dtype=np.float64), -LARGEST, LARGEST).reshape(len(used), len(names)),
        feasible=np.array([all(value <= 0.0 for value in trial.constraints.values()) for trial in used], dtype=bool),
    )


def point_of(trial: FrozenTrial, cube: ParameterCube) -> Array:
    """Returns the point `d` of a trial that has all parameters of the cube."""
    return cube.encode({name: d.to_internal_repr(trial.params[name]) for name, d in cube.search_space.items()})


def _usable(trial: FrozenTrial, cube: ParameterCube) -> bool:
    if trial.state is not TrialState.COMPLETE or trial.values is None or any(map(math.isnan, trial.values)):
        return False
    return all(trial.distributions.get(name) == known for name, known in cube.search_space.items())


def _tame(values: Array) -> Array:
    """Returns values `n x m`; a single objective's with an upper limit (see `WORST`)."""
    if values.shape[1] != 1 or not len(values):
        return values
    median, best = np.median(values), values.min()
    return np.minimum(values, median + WORST * (median - best)) if median > best else values
