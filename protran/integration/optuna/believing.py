"""What is believed about the objectives and constraints of a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from protran.integration.optuna.axes import Array
from protran.integration.optuna.inputs import View
from protran.integration.optuna.observations import Observations
from protran.optimize.beliefs import FEWEST_ROWS, Belief, Beliefs, InputMap
from protran.optimize.hypervolume import reference_point
from protran.optimize.scales import Scale
from protran.optimize.state import Knowledge, SearchObjective
from protran.optimize.target import Target
from surrogates.hetero_gp import HeteroscedasticGP

SMALLEST_VARIANCE = 1e-12
"""Of a constraint, whose values are scaled to at most 1."""

OWN_VARIANCE, OWN_SHARE = 1e-8, 1e-6
"""Variance of each point's own, in squared spreads of the values, and in shares of the largest variance."""
REACH = 3.0
"""How far beyond the median the reference point follows bad values, in distances from the best value to the median."""
ALIKE = 3.0
"""Over a smaller range than from 1 to this, a logarithm hardly bends."""


class _NothingCounted:
    """Stands for the map of a design space: no objective of a study can be counted from its parameters."""

    @staticmethod
    def exact_columns() -> list[int]:
        """Returns the places of exact objectives in a row: there are none."""
        return []


class SteadyBeliefs(Beliefs):
    """Joint beliefs about values of unit size whose covariances can be factorised however many rows there are.

    Hundreds of trials leave variances so small that rounding makes them negative.
    """

    def joint(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means and covariances as `Beliefs` does, with a little variance of each point's own."""
        mean, covariance = super().joint(rows)
        size = covariance.diagonal(dim1=-2, dim2=-1).amax(-1)[..., None, None]
        own = (OWN_VARIANCE + OWN_SHARE * size) * torch.eye(covariance.shape[-1], dtype=covariance.dtype)
        return mean, covariance + own


@dataclass(frozen=True)
class Constraint:
    """What is believed about one constraint, kept where it is at most 0."""

    belief: Belief

    def log_probability(self, rows: Tensor) -> Tensor:
        """Returns the log probability `n` that rows keep it; differentiable."""
        mean, covariance = self.belief.surrogate.joint(rows[:, self.belief.columns].unsqueeze(-2))
        deviation = covariance.flatten().clamp_min(SMALLEST_VARIANCE).sqrt()
        return cast(Tensor, torch.special.log_ndtr(-mean.flatten() / deviation))


def believe_objectives(observed: Observations, rows: Tensor, views: Sequence[View]) -> Beliefs:
    """Returns the joint belief about all objectives, each on the scale and the view that predict it best.

    Values are made free of their unit first: they are shifted and divided by their spread, or, on a logarithmic scale,
    divided by their geometric mean.

    Args:
        observed: at least `FEWEST_ROWS` rows.
        rows: `n x f`, their inputs.
        views: ways to see the inputs.
    """
    objectives, modelled = [], []
    for number, values in enumerate(observed.values.T):
        scale, belief = _most_likely(values, rows, views)
        # Of several objectives the volume counts in the user's own units; of one, any axis has the same optimum.
        volume = Scale.LINEAR if observed.values.shape[1] > 1 else scale
        objectives.append(SearchObjective(f"objective {number}", Knowledge.HARDWARE, scale, volume))
        modelled.append(belief)
    return SteadyBeliefs(cast(InputMap, _NothingCounted()), tuple(objectives), tuple(modelled))


def believe_constraints(observed: Observations, rows: Tensor, views: Sequence[View]) -> list[Constraint]:
    """Returns what is believed about those constraints of which enough trials say something."""
    believed = []
    for values in observed.constraints.T:
        known = np.isfinite(values)
        if known.sum() >= FEWEST_ROWS:
            numbers = values[known] / (np.abs(values[known]).max() or 1.0)
            believed.append(Constraint(_fit(numbers, rows[torch.as_tensor(known)], views)[1]))
    return believed


def target_of(beliefs: Beliefs, rows: Tensor) -> Target:
    """Returns what counts as better, seen from the rows `n x f` that improvement is counted from, n >= 1.

    The reference point is that of every search (see `reference_point`); with several objectives it lies at the worst
    known values at least (see `REACH`), so that a front of few points is no keyhole: its ends may still be far apart.
    """
    mean = beliefs.mean(rows)
    columns = zip(beliefs.objectives, mean.unbind(-1), strict=True)
    volume = torch.stack([item.scale.convert(column, item.volume) for item, column in columns], dim=-1).numpy()
    reference = reference_point(volume)
    if volume.shape[1] > 1:
        median, ideal = np.median(volume, axis=0), volume.min(axis=0)
        reference = np.maximum(reference, np.minimum(volume.max(axis=0), median + REACH * (median - ideal)))
    floors = torch.full((volume.shape[1],), -torch.inf, dtype=torch.float64)
    return Target(beliefs.objectives, torch.as_tensor(reference), torch.as_tensor(volume.min(axis=0)), floors)


def _most_likely(values: Array, rows: Tensor, views: Sequence[View]) -> tuple[Scale, Belief]:
    """Returns the belief, on a linear or a logarithmic scale, under which held-out values were likeliest."""
    spread = float(values.std()) or 1.0
    density, belief = _fit((values - values.mean()) / spread, rows, views)
    density -= math.log(spread)
    if values.min() <= 0 or values.max() < ALIKE * values.min():
        return Scale.LINEAR, belief
    logarithms = np.log(values)
    log_density, log_belief = _fit(logarithms - logarithms.mean(), rows, views)
    log_density -= float(logarithms.mean())  # of the values themselves: d log(y) = dy / y
    return (Scale.LOG, log_belief) if log_density > density else (Scale.LINEAR, belief)


def _fit(values: Array, rows: Tensor, views: Sequence[View]) -> tuple[float, Belief]:
    """Returns the belief from the view under which values left out one at a time were likeliest, and how likely."""
    y = torch.as_tensor(values)
    fitted = []
    for view in views:
        surrogate = HeteroscedasticGP([False], view.faint)
        # told as free of noise, values get a wide prior of what noise they have: objectives may have none or much
        surrogate.fit(rows[:, view.columns], y.unsqueeze(-1))
        unseen = surrogate.leave_one_out()
        variance = (unseen.aleatoric_var + unseen.epistemic_var)[:, 0]
        density = -0.5 * ((y - unseen.mean[:, 0]).square() / variance + (2.0 * math.pi * variance).log())
        fitted.append((float(density.nanmean()), Belief(surrogate, view.columns)))
    return max(fitted, key=lambda pair: pair[0])
