"""What counts as better: gains and budgets over the objectives, seen from what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from protran.optimize.beliefs import Beliefs
from protran.optimize.hypervolume import reference_point
from protran.optimize.state import SearchObjective

SMALLEST_DEVIATION = 1e-3
"""Least standard deviation of a gain: it lends exact objectives a slope where they cross a box of the hypervolume."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)  # for expectations under the standard normal
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Target:
    """Gains: objectives turned to maximise, 0 at the reference point and 1 at the ideal of what is known.

    Attributes:
        objectives: in the order of the outputs of the beliefs.
        reference: `m`, reference point on the axes of the hypervolume.
        ideal: `m`, best known values on the axes of the hypervolume.
        floors: `m`, the least gain that keeps the budget, minus infinity without one.
    """

    objectives: tuple[SearchObjective, ...]
    reference: Tensor
    ideal: Tensor
    floors: Tensor

    def gain(self, scaled: Tensor) -> Tensor:
        """Returns the gains `... x m` of objectives `... x m` on their scales."""
        return (self.reference - to_volume(self.objectives, scaled)) / (self.reference - self.ideal)

    def gain_moments(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means and standard deviations of the gains, each `... x m`, of normal objectives on their scales.

        Exact up to a floor of the deviation where scale and axis agree; else by Gauss-Hermite quadrature.
        """
        deviation = variance.clamp_min(1e-16).sqrt()
        nodes, weights = mean.new_tensor(_NODES), mean.new_tensor(_WEIGHTS)
        gains = self.gain(mean + deviation * nodes.view(-1, *(1,) * mean.dim()))
        weights = weights.view(-1, *(1,) * mean.dim())
        expected = (weights * gains).sum(0)
        spread = (weights * (gains - expected).square()).sum(0)
        return expected, (spread + SMALLEST_DEVIATION**2).sqrt()

    def excess(self, scaled: Tensor) -> Tensor:
        """Returns by how much gain `scaled: ... x m` breaks the budgets, `...`: the worst, or 0 if all are kept."""
        return (self.floors - self.gain(scaled)).amax(-1).clamp_min(0.0)


def to_volume(objectives: tuple[SearchObjective, ...], scaled: Tensor) -> Tensor:
    """Returns objectives `... x m` on their scales as places on the axes of the hypervolume."""
    columns = zip(objectives, scaled.unbind(-1), strict=True)
    return torch.stack([objective.scale.convert(column, objective.volume) for objective, column in columns], dim=-1)


def make_target(beliefs: Beliefs, baseline: Tensor, budgets: Mapping[str, float]) -> Target:
    """Returns the target seen from the known rows `baseline: n x (f + 1 + e)`, n >= 1.

    Where some of them are believed to keep the budgets, only they set the reference point.
    """
    volume = to_volume(beliefs.objectives, beliefs.mean(baseline)).numpy()
    limits = [
        float(objective.volume.forward(np.array(budgets.get(objective.name, np.inf))))
        if objective.name in budgets
        else np.inf
        for objective in beliefs.objectives
    ]
    kept = (volume <= np.array(limits)).all(axis=1)
    points = volume[kept] if kept.any() else volume
    reference = reference_point(points, limits)
    ideal = np.minimum(points.min(axis=0), reference)
    ideal = np.where(ideal < reference, ideal, reference - 1.0)
    floors = (reference - np.array(limits)) / (reference - ideal)
    return Target(beliefs.objectives, torch.as_tensor(reference), torch.as_tensor(ideal), torch.as_tensor(floors))
