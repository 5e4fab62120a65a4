"""What is believed about every objective, as one joint model over one row of inputs per point.

An input row is `[features, fidelity, exact objectives]`. Exact objectives travel inside the row, so that the same model
serves candidates (counted) and relaxed genes (counted, with gradients) and no objective that is known is ever modelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from protran.features import FAINT_HARDWARE_COLUMNS, FeatureMap
from protran.optimize.scales import Scale
from protran.optimize.source_fits import usable_sources
from protran.optimize.sources import quantity_of
from protran.optimize.state import ExactQuantity, Knowledge, SearchObjective, SearchState
from search_spaces.candidate import Candidate
from search_spaces.cost import Cost, memory_bytes
from surrogates.active import JointBelief
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.sourced_gp import SourcedGP

OWN_SHARE = 1 / 3
"""Part of what was learnt as noise of a measurement that may be the candidate's own: what its features do not show.
Without it, far more than 5 % of candidates believed to keep a budget with 95 % break it (`benchmarks.budget_picks`).
"""
FEWEST_ROWS = 2
"""Finite values of an objective below which nothing can be believed about it."""


class JointSurrogate(JointBelief, Protocol):
    """A fitted surrogate whose belief about `m` transformed outputs is Gaussian, jointly over points."""

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `... x m x q` and covariance `... x m x q x q` of the noise-free outputs at `x: ... x q x d`."""


class InputMap:
    """Maps candidates and relaxed genes to the input rows of `Beliefs`, `n x (f + 1 + e)`."""

    def __init__(self, state: SearchState) -> None:
        self.features = FeatureMap(state.space, state.input_spec)
        self._exact = state.of(Knowledge.EXACT)
        self._batch_size = state.batch_size

    @property
    def fidelity_column(self) -> int:
        """Place of the fidelity in a row."""
        return self.features.dimension

    def columns(self, knowledge: Knowledge) -> list[int]:
        """Returns the places of what the surrogates of one kind of objective see."""
        if knowledge is Knowledge.HARDWARE:
            return self.features.columns(self.features.hardware_names)
        return [*self.features.columns(self.features.score_names), self.fidelity_column]

    def exact_columns(self) -> list[int]:
        """Places of the exact objectives in a row, in their order."""
        return [self.fidelity_column + 1 + j for j in range(len(self._exact))]

    def of_candidates(self, candidates: Sequence[Candidate]) -> Tensor:
        """Returns the rows of candidates at full fidelity, without gradients."""
        if not candidates:
            return torch.zeros(0, self.fidelity_column + 1 + len(self._exact), dtype=torch.float64)
        return self._rows(*self.features.with_cost_of_candidates(candidates))

    def of_relaxed(self, z: Tensor) -> Tensor:
        """Returns the rows at `z: n x d` in the unit cube at full fidelity, with gradients."""
        return self._rows(*self.features.with_cost_of_relaxed(z))

    def projected(self, z: Tensor) -> Tensor:
        """Returns the nearest candidates' points, `n x d`, through which gradients pass as if nothing had moved."""
        return self.features.projected(z)

    def _rows(self, features: Tensor, cost: Cost) -> Tensor:
        exact = [torch.as_tensor(self._count(objective, cost)).double().log() for objective in self._exact]
        return torch.cat([features, torch.stack([torch.ones_like(features[:, 0]), *exact], dim=-1)], dim=-1)

    def _count(self, objective: SearchObjective, cost: Cost) -> object:
        if objective.quantity is ExactQuantity.PARAMETERS:
            return cost.parameters
        return memory_bytes(cost, self._batch_size)


@dataclass(frozen=True)
class Belief:
    """A surrogate, and what it sees of an input row."""

    surrogate: JointSurrogate
    columns: list[int]


@dataclass(frozen=True)
class Beliefs:
    """The joint Gaussian belief about all objectives, each on its own scale, without the noise of measurements.

    Attributes:
        inputs: maps candidates and relaxed genes to input rows.
        objectives: in the order of the outputs `m` (modelled ones first, which may differ from the state's order).
        modelled: the surrogates, in that order; the other outputs are exact.
    """

    inputs: InputMap
    objectives: tuple[SearchObjective, ...]
    modelled: tuple[Belief, ...]

    def mean(self, rows: Tensor) -> Tensor:
        """Returns the means `n x m` at `rows: n x (f + 1 + e)`, without gradients."""
        with torch.no_grad():
            return self.moments(rows)[0]

    def moments(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means and variances, each `n x m`, at `rows: n x (f + 1 + e)`; differentiable."""
        mean, covariance = self.joint(rows.unsqueeze(-2))
        return mean.squeeze(-1), covariance.squeeze(-1).squeeze(-1)

    def joint(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means `... x m x q` and covariances `... x m x q x q` at `rows: ... x q x (f + 1 + e)`."""
        parts = [belief.surrogate.joint(rows[..., belief.columns]) for belief in self.modelled]
        exact = rows[..., self.inputs.exact_columns()].transpose(-1, -2)
        zero = exact.new_zeros(*exact.shape, exact.shape[-1])
        return (
            torch.cat([*(mean for mean, _ in parts), exact], dim=-2),
            torch.cat([*(covariance for _, covariance in parts), zero], dim=-3),
        )

    def doubt(self, rows: Tensor) -> Tensor:
        """Returns the variances `n x m` of what candidates truly cost, without gradients: ignorance and `OWN_SHARE`."""
        with torch.no_grad():
            variance = self.moments(rows)[1].clamp_min(0.0)
            noise = [belief.surrogate.noise(rows[..., belief.columns]) for belief in self.modelled]
            exact = variance.new_zeros(len(rows), len(self.inputs.exact_columns()))
            return variance + OWN_SHARE * torch.cat([*noise, exact], dim=-1)

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the covariances `m x n1 x n2` between two sets of rows; differentiable."""
        parts = [b.surrogate.covariance(first[..., b.columns], second[..., b.columns]) for b in self.modelled]
        zero = first.new_zeros(len(self.inputs.exact_columns()), first.shape[-2], second.shape[-2])
        return torch.cat([*parts, zero], dim=-3)


def believable(state: SearchState, objectives: Sequence[SearchObjective]) -> tuple[SearchObjective, ...]:
    """Returns those of the modelled objectives that have enough observations to fit."""
    values, _ = state.columns(objectives)
    counts = np.isfinite(values).sum(axis=0)
    return tuple(objective for objective, n in zip(objectives, counts, strict=True) if n >= FEWEST_ROWS)


def can_believe(state: SearchState) -> bool:
    """Returns whether there are observations, and enough of every modelled objective to fit it."""
    modelled = state.of(Knowledge.HARDWARE, Knowledge.SCORE)
    return bool(state.observations) and believable(state, modelled) == modelled


def fit_beliefs(state: SearchState) -> Beliefs:
    """Returns the beliefs after the state's observations.

    Raises:
        SurrogateError: an objective has fewer than `FEWEST_ROWS` observations (see `can_believe`).
    """
    inputs = InputMap(state)
    rows = inputs.of_candidates([row.candidate for row in state.observations])
    modelled = []
    for knowledge in (Knowledge.HARDWARE, Knowledge.SCORE):
        if state.of(knowledge):
            surrogate = fit_surrogate(state, state.of(knowledge), inputs, rows)
            modelled.append(Belief(surrogate, inputs.columns(knowledge)))
    order = (*state.of(Knowledge.HARDWARE), *state.of(Knowledge.SCORE), *state.of(Knowledge.EXACT))
    return Beliefs(inputs, order, tuple(modelled))


def fit_surrogate(
    state: SearchState, objectives: Sequence[SearchObjective], inputs: InputMap, rows: Tensor
) -> HeteroscedasticGP | SourcedGP:
    """Returns the surrogate of objectives of one kind, on that kind's columns of the input rows.

    Observations that say nothing about these objectives are left out; scores carry the fidelity of their training.
    Where the state has sources, that of hardware may start from them.

    Args:
        state: holds the observations.
        objectives: all hardware, or all scores.
        inputs: the map that made `rows`.
        rows: `n x (f + 1 + e)`, one per observation.
    """
    values, variances = state.columns(objectives)
    used = np.asarray(np.isfinite(values).any(axis=1))
    x = rows[torch.as_tensor(used)].clone()
    x[:, inputs.fidelity_column] = torch.as_tensor(np.array([row.fidelity for row in state.observations])[used])
    values, variances = values[used], variances[used]
    for j, objective in enumerate(objectives):
        if objective.scale is not Scale.LOG:  # logarithms are the surrogate's own business, with exact moments
            variances[:, j] = objective.scale.variance(values[:, j], variances[:, j])
            values[:, j] = objective.scale.forward(values[:, j])
    surrogate = _unfitted(state, objectives, inputs)
    columns = inputs.columns(objectives[0].knowledge)
    surrogate.fit(x[:, columns], torch.as_tensor(values), torch.as_tensor(variances))
    return surrogate


def _unfitted(
    state: SearchState, objectives: Sequence[SearchObjective], inputs: InputMap
) -> HeteroscedasticGP | SourcedGP:
    logs = [objective.scale is Scale.LOG for objective in objectives]
    if objectives[0].knowledge is not Knowledge.HARDWARE:
        return HeteroscedasticGP(logs)
    if not state.sources or not all(logs):
        return HeteroscedasticGP(logs, FAINT_HARDWARE_COLUMNS)
    quantities = [quantity_of(objective.name) for objective in objectives]
    devices, _ = usable_sources(state.sources, inputs.features, quantities)
    return SourcedGP(devices, FAINT_HARDWARE_COLUMNS)
