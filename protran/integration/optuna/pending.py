"""The points of running trials, told to other samplers before the objective has asked for them.

A trial's parameters are stored one by one as its objective asks for them, and a proposal in another thread or process
may be made before. So whoever proposes leaves all of them with the trial, as Optuna's own samplers do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from protran.integration.optuna.axes import Array
from protran.integration.optuna.cube import ParameterCube

KEY = "protran:proposed"
LONGEST = 2000
"""Characters of one attribute: some databases hold 2048 at most."""


def announce(study: Study, trial: FrozenTrial, proposed: Mapping[str, Any], cube: ParameterCube) -> None:
    """Leaves the proposed values with the trial."""
    internal = {name: cube.search_space[name].to_internal_repr(value) for name, value in proposed.items()}
    text = json.dumps(internal)
    for part in range(0, len(text), LONGEST):
        study._storage.set_trial_system_attr(trial._trial_id, f"{KEY}:{part // LONGEST}", text[part : part + LONGEST])


def pending_points(trials: Sequence[FrozenTrial], own: FrozenTrial, cube: ParameterCube) -> Array:
    """Returns the points `k x d` of all running trials but `own`, as far as they are known."""
    points = []
    for trial in trials:
        if trial.state is TrialState.RUNNING and trial.number != own.number:
            internal = _internal(trial, cube)
            if internal.keys() >= cube.search_space.keys():
                points.append(cube.encode(internal))
    return np.array(points).reshape(len(points), cube.dimension)


def _internal(trial: FrozenTrial, cube: ParameterCube) -> dict[str, float]:
    """Returns what is known of the trial's parameters that are the cube's: proposed ones, and those asked for."""
    text, part = "", 0
    while (more := trial.system_attrs.get(f"{KEY}:{part}")) is not None:
        text, part = text + str(more), part + 1
    try:
        proposed: dict[str, float] = json.loads(text) if text else {}
    except ValueError:  # it is being written at this moment
        proposed = {}
    known = {name: value for name, value in proposed.items() if _inside(cube, name, value)}
    for name, distribution in cube.search_space.items():
        if trial.distributions.get(name) == distribution:
            known[name] = distribution.to_internal_repr(trial.params[name])
    return known


def _inside(cube: ParameterCube, name: str, value: float) -> bool:
    distribution = cube.search_space.get(name)
    return distribution is not None and distribution._contains(value)
