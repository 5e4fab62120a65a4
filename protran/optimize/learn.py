"""Active learning of the hardware surrogates alone: what to profile next, and how good the beliefs are."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from protran.optimize.ascent import ascend
from protran.optimize.beliefs import InputMap, believable, fit_surrogate
from protran.optimize.pool import Pool
from protran.optimize.proposer import check_batch_size
from protran.optimize.seeds import child_seed, deterministic_torch
from protran.optimize.space_filling import space_filling
from protran.optimize.state import Knowledge, SearchState, finite_names
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample
from surrogates.active import choose, expected_relative_error, variance_reduction
from surrogates.hetero_gp import HeteroscedasticGP

POOL = 256
REFERENCE = 256
STEPS = 15
RATE = 0.08


def propose_profiles(state: SearchState, batch_size: int) -> list[Candidate]:
    """Returns up to `batch_size` candidates whose profiles would teach the hardware surrogates most.

    From a low-discrepancy pool, greedily, the candidates that remove most predicted variance over a sample of the whole
    space; each then climbs the same criterion through the relaxed genes, and the best of pool and climbers is taken.
    Candidates that were profiled, are pending or are excluded are not proposed. A pure function of its arguments.

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
        return _most_telling(state, inputs, fit_surrogate(state, known, inputs, rows), batch_size)


def predicted_error(state: SearchState) -> dict[str, float]:
    """Returns, per hardware objective, the expected mean relative error of a prediction over the space.

    It is what the surrogate itself expects of its mean against the true mean (noise of measurement apart); infinite
    with fewer than two profiles. The stop rule of the learn phase compares it with its target.
    """
    objectives = state.of(Knowledge.HARDWARE)
    errors = dict.fromkeys((objective.name for objective in objectives), math.inf)
    known = believable(state, objectives)
    if known:
        with deterministic_torch(child_seed(state.seed, state.step, "predicted error")):
            inputs = InputMap(state)
            rows = inputs.of_candidates([row.candidate for row in state.observations])
            surrogate = fit_surrogate(state, known, inputs, rows)
            expected = expected_relative_error(surrogate, _reference(state, inputs))
        errors.update(zip((objective.name for objective in known), expected.tolist(), strict=True))
    return errors


def _most_telling(
    state: SearchState, inputs: InputMap, surrogate: HeteroscedasticGP, batch_size: int
) -> list[Candidate]:
    columns, encoding = inputs.columns(Knowledge.HARDWARE), inputs.features.encoding
    reference = _reference(state, inputs)
    barred = _profiled(state) | {candidate.key for candidate in (*state.pending, *state.excluded)}
    pool = Pool(inputs, barred)
    draws = min(state.space.size, POOL + len(barred))
    pool.add(sample(state.space, draws, SamplingMethod.SOBOL, child_seed(state.seed, state.step, "learn: pool")))
    if len(pool) <= batch_size:
        return pool.candidates
    first = choose(surrogate, pool.rows[:, columns], reference, batch_size)

    def reduction(z: Tensor) -> Tensor:
        return variance_reduction(surrogate, inputs.of_relaxed(z)[:, columns].unsqueeze(-2), reference)

    starts = torch.as_tensor(encoding.encode_many([pool.candidates[place] for place in first]))
    pool.add(encoding.decode_many(ascend(reduction, starts, steps=STEPS, rate=RATE).numpy()))
    chosen = choose(surrogate, pool.rows[:, columns], reference, batch_size)
    return [pool.candidates[place] for place in chosen]


def _reference(state: SearchState, inputs: InputMap) -> Tensor:
    """Returns hardware features of a sample of the space that is the same at every step, `r x d`."""
    drawn = sample(
        state.space, min(state.space.size, REFERENCE), SamplingMethod.SOBOL, child_seed(state.seed, 0, "reference")
    )
    return inputs.of_candidates(drawn)[:, inputs.columns(Knowledge.HARDWARE)]


def _profiled(state: SearchState) -> set[str]:
    names = {objective.name for objective in state.of(Knowledge.HARDWARE)}
    return {row.candidate.key for row in state.observations if names & finite_names(row)}
