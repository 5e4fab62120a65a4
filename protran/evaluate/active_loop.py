"""Active learning on a pool: a policy chooses rows, one and the same surrogate judges every policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from protran.errors import InputError
from protran.evaluate.active_pool import MeasuredPool
from protran.evaluate.models import GP, MODELS
from protran.evaluate.pool_integrated import DiversePolicy, IntegratedPolicy
from protran.evaluate.pool_policies import Knowledge, LatinHypercubePolicy, MaximumVariancePolicy, Policy, RandomPolicy
from protran.evaluate.pool_published import PublishedLoop
from protran.optimize.seeds import child_generator, child_seed, deterministic_torch
from surrogates.active import expected_relative_error
from surrogates.error_bound import relative_error_bound
from surrogates.hetero_gp import HeteroscedasticGP

POLICIES: dict[str, Callable[[], Policy]] = {
    "random": RandomPolicy,
    "lhs": LatinHypercubePolicy,
    "max_variance": MaximumVariancePolicy,
    "original": PublishedLoop,
    "diverse": DiversePolicy,
    "integrated": IntegratedPolicy,
    "integrated_cost": lambda: IntegratedPolicy(by_cost=True),
    "integrated_repeats": lambda: IntegratedPolicy(repeats=True),
}
REFERENCE = 256
"""Rows of the pool over which the stop rule expects its error."""


@dataclass(frozen=True)
class HeldOut:
    """Rows that judge: features `t x d`, measured values `t x m`, and values smoothed over a table or None."""

    x: Tensor
    y: Tensor
    smooth: Tensor | None = None


@dataclass(frozen=True)
class Judgement:
    """How good the belief about one output was after some profiles.

    Attributes:
        profiles: how many, repeats included.
        repeats: how many of them were repeats.
        output: number of the output.
        mape: mean absolute error relative to held-out measured values, their noise included.
        nmse: mean squared error over the squared maximum of the held-out values.
        smooth_mape: as `mape`, against smoothed values; NaN without them.
        true_error: estimate of the mean absolute relative error without noise (see `denoised_error`); NaN without them.
        expected: the error without noise that the belief itself expects.
        bound: what it is confident to stay below (`surrogates.error_bound`).
        cost: of the profiles (see `MeasuredPool.cost`).
    """

    profiles: int
    repeats: int
    output: int
    mape: float
    nmse: float
    smooth_mape: float
    true_error: float
    expected: float
    bound: float
    cost: float


def run(pool: MeasuredPool, held_out: HeldOut, policy: Policy, sizes: Sequence[int], seed: int) -> list[Judgement]:
    """Returns the judgements after each number of profiles in `sizes`, one per output.

    The surrogate `gp` is fitted at each size; a policy that looks at a belief looks at that one. A pure function of its
    arguments.

    Raises:
        InputError: sizes do not rise from 2 on, or the pool is smaller than the last of them.
    """
    if not sizes or list(sizes) != sorted(set(sizes)) or not 2 <= sizes[0] <= sizes[-1] <= len(pool):
        raise InputError(f"expected numbers of profiles that rise from 2 to {len(pool)} at most, got {list(sizes)}")
    asked: list[int] = []
    belief: HeteroscedasticGP | None = None
    judgements = []
    for size in sizes:
        with deterministic_torch(child_seed(seed, size, "active loop")):
            asked = policy.extend(pool, Knowledge(tuple(asked), belief, seed), size)
            belief = fit(pool, asked, seed)
            judgements += judge(pool, held_out, asked, belief, seed)
    return judgements


def fit(pool: MeasuredPool, asked: Sequence[int], seed: int) -> HeteroscedasticGP:
    """Returns the judge's surrogate, fitted to the profiles of the rows in `asked`."""
    known = pool.profile(asked, seed)
    belief = cast("HeteroscedasticGP", MODELS[GP]())
    belief.fit(pool.x[known.rows], known.y, known.y_var)
    return belief


def judge(
    pool: MeasuredPool, held_out: HeldOut, asked: Sequence[int], belief: HeteroscedasticGP, seed: int
) -> list[Judgement]:
    """Returns how good a belief is, one judgement per output."""
    with torch.no_grad():
        mean = belief.predict(held_out.x).mean
    rows = child_generator(seed, 1, "reference rows").permutation(len(pool))[:REFERENCE]
    reference = pool.x[torch.as_tensor(rows)]
    columns = errors(mean, held_out) | {
        "expected": expected_relative_error(belief, reference),
        "bound": relative_error_bound(belief, reference),
    }
    repeats, cost = len(asked) - len(set(asked)), pool.cost(asked)
    return [
        Judgement(len(asked), repeats, output, cost=cost, **{name: float(v[output]) for name, v in columns.items()})
        for output in range(mean.shape[1])
    ]


def errors(mean: Tensor, held_out: HeldOut) -> dict[str, Tensor]:
    """Returns the errors of a `Judgement` of predictions `mean: t x m`, `m` each."""
    y = held_out.y
    smooth = torch.full_like(y, math.nan) if held_out.smooth is None else held_out.smooth
    return {
        "mape": _relative(mean, y).abs().nanmean(0),
        "nmse": (mean - y).square().nanmean(0) / y.nan_to_num().amax(0).square(),
        "smooth_mape": _relative(mean, smooth).abs().nanmean(0),
        "true_error": denoised_error(mean, y, smooth),
    }


def _relative(mean: Tensor, value: Tensor) -> Tensor:
    return (mean - value) / value


def denoised_error(mean: Tensor, y: Tensor, smooth: Tensor) -> Tensor:
    """Returns an estimate `m` of the mean absolute relative error of `mean` against the noise-free function.

    Neither the measured values `y: t x m` nor smoothed ones are that function, but their deviations from it are
    unrelated (a row's smoothed value was made without the row), so the mean product of the two errors of `mean` has the
    square of its own error only. The mean absolute error is taken for `sqrt(2 / pi)` of its root, as if it were normal.
    """
    square = (_relative(mean, y) * _relative(mean, smooth)).nanmean(0)
    return (2.0 / math.pi * square.clamp_min(0.0)).sqrt()
