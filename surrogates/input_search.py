"""Where to ask next: an acquisition is climbed over the inputs themselves, from many starts, inside a box.

Source: S. Tuli, B. Dedhia, S. Tuli, N. K. Jha, "FlexiBERT: Are Current Transformer Architectures too Homogeneous and
Rigid?", 2022, arXiv:2205.11656: second-order gradients to the input, cosine restarts, the nearest known embedding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from surrogates.adahessian import AdaHessian
from surrogates.base import Surrogate
from surrogates.ensemble import one_thread
from surrogates.errors import SurrogateError

STEPS = 200
RESTARTS = 4
"""The rate falls from its start to zero this often."""
RATE = 0.5
"""Share of a Newton step that the first step of each descent of the rate takes."""
LARGEST_MOVE = 0.1
"""No step moves a coordinate further than this share of its range: far away the curvature is another one."""
STARTS = 16
UNCERTAINTY_SHARE = 0.1
DIVERSITY_SHARE = 0.1

Acquisition = Callable[[Tensor], Tensor]
"""How much measuring each row of `n x d` is worth, `n`: a row's worth depends on that row alone."""


@dataclass(frozen=True)
class Summits:
    """Where the climbs ended, the best first.

    Attributes:
        points: `s x d`, inside the box.
        values: `s`, the acquisition there.
    """

    points: Tensor
    values: Tensor


class Way(Enum):
    """How a point was chosen: it looks good, least is known of it, or by lot."""

    ASCENT = "ascent"
    UNCERTAINTY = "uncertainty"
    DIVERSITY = "diversity"


@one_thread()
def ascend(
    acquisition: Acquisition, bounds: Tensor, *, starts: Tensor | None = None, steps: int = STEPS, seed: int = 0
) -> Summits:
    """Returns the best point that each climb came by.

    Args:
        acquisition: twice differentiable in its argument.
        bounds: `2 x d`, the least and the greatest value of each coordinate.
        starts: `s x d`, from where to climb, clipped to the box; None means 16 well spread points.
        steps: of each climb.
        seed: of the starts and of the estimates of the curvature.

    Raises:
        SurrogateError: the bounds are not finite or in disorder, or the acquisition is not finite at any start.
    """
    low, span = _box(bounds)
    starts = spread_starts(bounds, STARTS, seed) if starts is None else starts.double()
    unit = torch.where(span > 0, (starts - low) / span.clamp_min(math.ulp(0.0)), 0.0).clamp(0.0, 1.0)
    unit = unit.detach().clone().requires_grad_()
    optimiser = AdaHessian(unit, seed=seed)
    best, best_values = unit.detach().clone(), torch.full((len(unit),), -math.inf, dtype=torch.float64)
    for number in range(steps + 1):
        values = acquisition(low + span * unit)
        with torch.no_grad():
            better = values > best_values
            best[better], best_values = unit[better], torch.where(better, values, best_values)
        if number < steps:
            _climb(optimiser, unit, -values.sum(), number, steps)
    if not bool(best_values.isfinite().any()):
        raise SurrogateError("expected an acquisition that is finite somewhere, got none; look at its surrogate")
    order = best_values.argsort(descending=True, stable=True)
    return Summits((low + span * best)[order], best_values[order])


def spread_starts(bounds: Tensor, count: int, seed: int) -> Tensor:
    """Returns `count x d` points that fill the box evenly.

    Source: I. M. Sobol, 1967; scrambled as in A. B. Owen, "Randomly Permuted (t,m,s)-Nets", 1995.
    """
    low, span = _box(bounds)
    engine = SobolEngine(len(low), scramble=True, seed=seed)  # type: ignore[no-untyped-call]  # torch leaves it so
    return low + span * engine.draw(count, dtype=torch.float64)


def nearest(points: Tensor, pool: Tensor, bounds: Tensor) -> list[int]:
    """Returns for each of `points: s x d` the number of the nearest row of `pool: n x d` that none before it took.

    Distances are Euclidean, in shares of each coordinate's range.

    Raises:
        SurrogateError: there are more points than rows.
    """
    if len(points) > len(pool):
        raise SurrogateError(f"expected at most {len(pool)} points, one per row, got {len(points)}; offer more rows")
    scale = torch.where((span := _box(bounds)[1]) > 0, span, 1.0)
    distance = torch.cdist(points.double() / scale, pool.double() / scale)
    taken: list[int] = []
    for row in distance:
        row[taken] = math.inf
        taken.append(int(row.argmin()))
    return taken


def optimistic(surrogate: Surrogate, *, output: int = 0, boldness: float = 1.0, sign: float = -1.0) -> Acquisition:
    """Returns the acquisition `sign * mean + boldness * deviation` of one output, the deviation in its own units.

    Source: N. Srinivas et al., "Gaussian Process Optimization in the Bandit Setting", 2010, arXiv:0912.3995.

    Args:
        surrogate: fitted and differentiable.
        output: which one.
        boldness: how much ignorance and noise attract.
        sign: -1 to make the output small, 1 to make it large.
    """

    def acquisition(x: Tensor) -> Tensor:
        belief = surrogate.predict(x)
        return sign * belief.mean[:, output] + boldness * belief.total_var[:, output].sqrt()

    return acquisition


def query(
    acquisition: Acquisition, uncertainty: Acquisition, pool: Tensor, measured: Sequence[int], *, seed: int = 0
) -> tuple[int, Way]:
    """Returns the number of the row of `pool: n x d` to measure next, and how it was chosen.

    In four of five cases it is the row nearest to the best summit of the acquisition, in one of ten the one of the
    greatest uncertainty, and in one of ten any.

    Args:
        acquisition: twice differentiable, over the pool's box.
        uncertainty: of rows of the pool.
        pool: what can be measured.
        measured: numbers of the rows that were.
        seed: of the way, of the climbs and of the lot.

    Raises:
        SurrogateError: every row was measured.
    """
    is_open = torch.ones(len(pool), dtype=torch.bool)
    is_open[list(measured)] = False
    rows = is_open.nonzero().squeeze(-1)
    if not len(rows):
        raise SurrogateError(f"expected rows not yet measured, got {len(pool)} measured ones; offer a larger pool")
    draws = torch.Generator().manual_seed(seed)
    lot = float(torch.rand((), generator=draws))
    if lot < DIVERSITY_SHARE:
        return int(rows[torch.randint(len(rows), (), generator=draws)]), Way.DIVERSITY
    if lot < DIVERSITY_SHARE + UNCERTAINTY_SHARE:
        with torch.no_grad():
            return int(rows[uncertainty(pool[rows]).argmax()]), Way.UNCERTAINTY
    bounds = torch.stack([pool.min(0).values, pool.max(0).values])
    summit = ascend(acquisition, bounds, seed=seed).points[:1]
    return int(rows[nearest(summit, pool[rows], bounds)[0]]), Way.ASCENT


def _climb(optimiser: AdaHessian, unit: Tensor, value: Tensor, number: int, steps: int) -> None:
    """Takes one step inside the unit cube, no longer than `LARGEST_MOVE`."""
    length = max(1, steps // RESTARTS)
    rate = 0.5 * RATE * (1.0 + math.cos(math.pi * (number % length) / length))
    before = unit.detach().clone()
    optimiser.step(value, rate)
    with torch.no_grad():
        moved = (unit - before).nan_to_num(0.0).clamp(-LARGEST_MOVE, LARGEST_MOVE)
        unit.copy_((before + moved).clamp(0.0, 1.0))


def _box(bounds: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the least value and the range of each coordinate, `d` each."""
    low, high = bounds.double()
    if not bool(bounds.isfinite().all()) or bool((high < low).any()):
        raise SurrogateError("expected finite bounds, the least value first, got others; take them from known points")
    return low, high - low
