"""What was measured of candidates that have no score yet: it stands before what a surrogate believes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from protran.optimize.repeats import QUIET
from protran.optimize.state import Knowledge, SearchObjective, SearchState
from search_spaces.candidate import Candidate


@dataclass(frozen=True)
class Measured:
    """Measured hardware objectives of `n` candidates, on the objectives' scales.

    A surrogate takes for noise what features do not show of a candidate, and draws each towards its neighbours. The
    front does not: there a candidate has the values that were measured, with their error. So the choice of who is
    trained sees those too.

    Attributes:
        mean: `n x m`, NaN where nothing was measured.
        variance: `n x m`, of that mean; NaN where nothing was measured.
    """

    mean: Tensor
    variance: Tensor

    def __getitem__(self, some: slice) -> Measured:
        """Returns that of some of the candidates."""
        return Measured(self.mean[some], self.variance[some])

    def over(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Returns beliefs `... x n x m` and variances `n x m`, replaced by what was measured."""
        known = ~self.mean.isnan()
        return torch.where(known, self.mean, mean), torch.where(known, self.variance, variance)


def measured_of(state: SearchState, objectives: Sequence[SearchObjective], candidates: Sequence[Candidate]) -> Measured:
    """Returns what the state's observations say of the hardware of candidates; of several rows the last counts.

    Args:
        state: holds the observations.
        objectives: in the order of the outputs of the beliefs; those that are not measured stay unknown.
        candidates: about whom.
    """
    rows = {row.candidate.key: row for row in state.observations if _names(objectives) & row.values.keys()}
    mean = torch.full((len(candidates), len(objectives)), math.nan, dtype=torch.float64)
    variance = mean.clone()
    hardware = [(j, item) for j, item in enumerate(objectives) if item.knowledge is Knowledge.HARDWARE]
    for place, candidate in enumerate(candidates):
        if (row := rows.get(candidate.key)) is None:
            continue
        for column, objective in hardware:
            value = row.values.get(objective.name, math.nan)
            if math.isfinite(value):
                known = np.array([value]), np.array([row.variances.get(objective.name, 0.0)])
                mean[place, column] = float(objective.scale.forward(known[0])[0])
                variance[place, column] = max(float(objective.scale.variance(*known)[0]), QUIET**2)
    return Measured(mean, variance)


def profiled_keys(state: SearchState) -> set[str]:
    """Returns the keys of candidates of which every hardware objective was measured."""
    names = _names(state.objectives)
    return {row.candidate.key for row in state.observations if names and names <= row.values.keys()}


def _names(objectives: Sequence[SearchObjective]) -> set[str]:
    return {objective.name for objective in objectives if objective.knowledge is Knowledge.HARDWARE}
