"""Which profiled candidates are worth being measured again: those whose noise hides the function from the belief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protran.optimize.beliefs import InputMap, JointSurrogate
from protran.optimize.state import Knowledge, SearchObjective, SearchState
from search_spaces.candidate import Candidate
from surrogates.active import repeat_noise

QUIET = 0.005
"""Relative standard error of a mean that is not worth a repeat: differences that a search decides by are larger."""
LEAST_SHARE = 0.002
"""Share of the variance left over the space, mean over objectives, that a repeat must remove: else the error is not
that of measurements (the belief's shape, what differs between runs without being stated), and repeats cure nothing."""
MOST_MEASUREMENTS = 50
"""Of one candidate, after which it is not measured again: their mean has a seventh of the error of one."""


@dataclass(frozen=True)
class Repeats:
    """Profiled candidates, `k`, that may be measured again.

    Attributes:
        candidates: in the order of their observations.
        x: `k x d`, their features as the surrogate sees them.
        noises: `k x m`, of which noise one new measurement says as much as the repeat.
    """

    candidates: list[Candidate]
    x: Tensor
    noises: Tensor


def worthwhile_repeats(
    state: SearchState,
    inputs: InputMap,
    surrogate: JointSurrogate,
    objectives: Sequence[SearchObjective],
    reference: Tensor,
    weights: Tensor,
) -> Repeats:
    """Returns the profiled candidates of which a repeat may be worth its time.

    Args:
        state: holds the observations; pending and excluded candidates are not measured again.
        inputs: the map to the surrogate's inputs.
        surrogate: fitted to the objectives.
        objectives: those that it believes, in the order of its outputs.
        reference: `r x d`, where the belief should become good.
        weights: `m`, the inverse of each output's mean variance there.
    """
    barred = {candidate.key for candidate in (*state.pending, *state.excluded)}
    stated, counts = _stated(state, objectives), _counts(state, objectives)
    noisy = (stated.sqrt() > QUIET).any(-1) & (counts < MOST_MEASUREMENTS)
    first = {row.candidate.key: i for i, row in reversed(list(enumerate(state.observations))) if noisy[i]}
    places = sorted(place for key, place in first.items() if key not in barred)
    candidates = [state.observations[i].candidate for i in places]
    x = inputs.of_candidates(candidates)[:, inputs.columns(Knowledge.HARDWARE)]
    with torch.no_grad():
        noises = repeat_noise(surrogate.noise(x), stated[places], counts[places])
        worth = _removed(surrogate, x, reference, noises, weights) >= LEAST_SHARE * len(objectives)
    chosen = worth.nonzero().squeeze(-1)
    return Repeats([candidates[i] for i in chosen.tolist()], x[chosen], noises[chosen])


def _removed(surrogate: JointSurrogate, x: Tensor, reference: Tensor, noises: Tensor, weights: Tensor) -> Tensor:
    """Returns `k`, what one repeat removes of the weighted mean variance over the reference; see `choose`."""
    single = x.unsqueeze(1)
    variance = surrogate.covariance(single, single).reshape(len(x), len(weights))  # (k, m)
    shared = surrogate.covariance(reference, x).square().mean(-2).T  # (k, m)
    return (weights * shared / (variance + noises)).sum(-1)


def _stated(state: SearchState, objectives: Sequence[SearchObjective]) -> Tensor:
    """Returns, relative and squared, the error of each observed mean that a repeat would draw anew, `n x m`.

    It is that of the logarithm, on which hardware is believed; NaN where it is unknown.
    """
    values, variances = (torch.as_tensor(column) for column in state.columns(objectives))
    shared = torch.tensor([[row.shared.get(o.name, 0.0) for o in objectives] for row in state.observations])
    return torch.log1p((variances - shared.double()).clamp_min(0.0) / values.square())


def _counts(state: SearchState, objectives: Sequence[SearchObjective]) -> Tensor:
    """Returns how many measurements each observation is the mean of, the most over the objectives, `n`."""
    return torch.tensor([max(row.counts.get(o.name, 1) for o in objectives) for row in state.observations])
