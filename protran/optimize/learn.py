"""Active learning of the hardware surrogates alone: what to profile next, and how good the beliefs are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from protran.optimize.ascent import ascend
from protran.optimize.beliefs import InputMap, JointSurrogate, believable, fit_surrogate
from protran.optimize.pool import Pool
from protran.optimize.proposer import check_batch_size
from protran.optimize.repeats import worthwhile_repeats
from protran.optimize.seeds import child_seed, deterministic_torch
from protran.optimize.source_fits import source_remarks, usable_sources
from protran.optimize.sources import quantity_of
from protran.optimize.space_filling import space_filling
from protran.optimize.state import Knowledge, SearchObjective, SearchState, finite_names
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample
from surrogates.active import balanced_weights, choose, variance_reduction
from surrogates.error_bound import relative_error_bound
from surrogates.sourced_gp import SourcedGP

POOL = 256
REFERENCE = 256
STEPS = 15
RATE = 0.08
PROFILE_S = 3.0
"""About what a profile takes however quick its candidate is: the latency pass samples for so long."""
PROFILE_CALLS = 10
"""About how many calls of its candidate a profile needs at least, to warm up and to have a standard error."""


def propose_profiles(state: SearchState, batch_size: int) -> list[Candidate]:
    """Returns up to `batch_size` candidates whose profiles would teach the hardware surrogates most.

    From a low-discrepancy pool, greedily, the candidates that remove most predicted variance over a sample of the whole
    space per second that their profiles are predicted to take; each then climbs the same criterion through the relaxed
    genes, and the best of pool and climbers is taken. Profiled candidates are among them where noise hides them: one
    that is proposed is to be measured again. Those that are pending or excluded are not proposed. A pure function of
    its arguments.

    Without hardware objectives there is nothing to learn: none. Before two profiles: a low-discrepancy sample.

    Raises:
        ValueError: `batch_size` is below 1.
    """
    check_batch_size(batch_size)
    objectives = state.of(Knowledge.HARDWARE)
    if not objectives:
        return []
    with deterministic_torch(child_seed(state.seed, state.step, "learn")):
        known = believable(state, objectives)
        if not known:
            profiled = _profiled(state)
            drawn = space_filling(state, batch_size + len(profiled))
            return [candidate for candidate in drawn if candidate.key not in profiled][:batch_size]
        inputs = InputMap(state)
        rows = inputs.of_candidates([row.candidate for row in state.observations])
        return _most_telling(state, inputs, fit_surrogate(state, known, inputs, rows), known, batch_size)


@dataclass(frozen=True)
class Assessment:
    """How good the beliefs about hardware are.

    Attributes:
        errors: per hardware objective, what the mean relative error of predictions over the space is likely below.
        weights: per believed objective, how much other devices count in the belief; empty without sources.
        remarks: which sources are used and which were dropped, each with the reason, in sentences.
    """

    errors: dict[str, float]
    weights: dict[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def assess(state: SearchState) -> Assessment:
    """Returns how good the beliefs about hardware are, and what they start from.

    The error is the surrogate's own bound on the error of its mean against the true mean (noise of measurement apart,
    see `surrogates.error_bound`), not the error to expect, which is exceeded half of the time; infinite with fewer than
    two profiles. The stop rule of the learn phase compares it with its target.
    """
    objectives = state.of(Knowledge.HARDWARE)
    errors = dict.fromkeys((objective.name for objective in objectives), math.inf)
    known = believable(state, objectives)
    if not known:
        return Assessment(errors)
    with deterministic_torch(child_seed(state.seed, state.step, "predicted error")):
        inputs = InputMap(state)
        rows = inputs.of_candidates([row.candidate for row in state.observations])
        surrogate = fit_surrogate(state, known, inputs, rows)
        bound = relative_error_bound(surrogate, _reference(state, inputs))
    names = [objective.name for objective in known]
    errors.update(zip(names, bound.tolist(), strict=True))
    if not isinstance(surrogate, SourcedGP):
        return Assessment(errors)
    weights = {name: surrogate.weight_of(output) for output, name in enumerate(names)}
    _, faults = usable_sources(state.sources, inputs.features, [quantity_of(name) for name in names])
    return Assessment(errors, weights, (*source_remarks(surrogate, names), *faults))


def predicted_error(state: SearchState) -> dict[str, float]:
    """Returns the errors of `assess`."""
    return assess(state).errors


def _most_telling(
    state: SearchState,
    inputs: InputMap,
    surrogate: JointSurrogate,
    known: Sequence[SearchObjective],
    batch_size: int,
) -> list[Candidate]:
    columns, encoding = inputs.columns(Knowledge.HARDWARE), inputs.features.encoding
    reference = _reference(state, inputs)
    barred = _profiled(state) | {candidate.key for candidate in (*state.pending, *state.excluded)}
    pool = Pool(inputs, barred)
    draws = min(state.space.size, POOL + len(barred))
    pool.add(sample(state.space, draws, SamplingMethod.SOBOL, child_seed(state.seed, state.step, "learn: pool")))
    weights = balanced_weights(surrogate, reference)
    repeats = worthwhile_repeats(state, inputs, surrogate, known, reference, weights)
    if len(pool) + len(repeats.candidates) <= batch_size:
        return [*pool.candidates, *repeats.candidates]

    def chosen() -> list[int]:
        x = torch.cat([pool.rows[:, columns], repeats.x])
        costs = profile_costs(surrogate, known, x).detach()
        noises = torch.cat([surrogate.noise(pool.rows[:, columns]).detach(), repeats.noises])
        return choose(surrogate, x, reference, batch_size, costs=costs, weights=weights, noises=noises)

    def worth(z: Tensor) -> Tensor:
        x = inputs.of_relaxed(z)[:, columns]
        gain = variance_reduction(surrogate, x.unsqueeze(-2), reference, weights=weights)
        return gain / profile_costs(surrogate, known, x)

    new = [pool.candidates[place] for place in chosen() if place < len(pool)]
    if new:
        starts = torch.as_tensor(encoding.encode_many(new))
        pool.add(encoding.decode_many(ascend(worth, starts, steps=STEPS, rate=RATE).numpy()))
    offered = [*pool.candidates, *repeats.candidates]
    return [offered[place] for place in chosen()]


def profile_costs(surrogate: JointSurrogate, objectives: Sequence[SearchObjective], x: Tensor) -> Tensor:
    """Returns about how many seconds a profile takes at `x: n x d`, `n`, summed over devices; differentiable.

    Where no objective is a latency, nothing is known about that and all profiles cost the same.

    Args:
        surrogate: fitted to the objectives.
        objectives: in the order of the surrogate's outputs.
        x: features that the surrogate sees.
    """
    latencies = [j for j, objective in enumerate(objectives) if objective.name.partition("@")[0] == "latency_s"]
    if not latencies:
        return torch.ones_like(x[:, 0])
    latency_s = surrogate.predict(x).mean[:, latencies].clamp_min(0.0)
    return (PROFILE_S + PROFILE_CALLS * latency_s).sum(-1)


def _reference(state: SearchState, inputs: InputMap) -> Tensor:
    """Returns hardware features of a sample of the space that is the same at every step, `r x d`."""
    drawn = sample(
        state.space, min(state.space.size, REFERENCE), SamplingMethod.SOBOL, child_seed(state.seed, 0, "reference")
    )
    return inputs.of_candidates(drawn)[:, inputs.columns(Knowledge.HARDWARE)]


def _profiled(state: SearchState) -> set[str]:
    names = {objective.name for objective in state.of(Knowledge.HARDWARE)}
    return {row.candidate.key for row in state.observations if names & finite_names(row)}
