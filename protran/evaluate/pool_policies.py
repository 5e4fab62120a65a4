"""Which rows of a pool to profile next: the baselines, each behind the same small interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import rankdata
from scipy.stats.qmc import LatinHypercube
from torch import Tensor

from protran.evaluate.active_pool import MeasuredPool
from protran.optimize.seeds import child_generator
from surrogates.hetero_gp import HeteroscedasticGP


@dataclass(frozen=True)
class Knowledge:
    """What a policy may look at: the rows asked for so far, and the judge's belief after them.

    Attributes:
        asked: numbers of pool rows in the order of their profiles; a row that is there twice was repeated.
        belief: fitted to them; None before the first profile.
        seed: of the run.
    """

    asked: tuple[int, ...]
    belief: HeteroscedasticGP | None
    seed: int


class Policy(ABC):
    """Chooses rows of a pool."""

    @abstractmethod
    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns `size` rows to have been profiled: those asked for so far and new ones.

        A policy that plans for a number of profiles, as a Latin hypercube does, may return other rows than before.
        """


class RandomPolicy(Policy):
    """Rows at random, without replacement."""

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns the first `size` rows of an order that the seed fixes."""
        order: list[int] = child_generator(known.seed, 0, "random policy").permutation(len(pool)).tolist()
        return order[:size]


class LatinHypercubePolicy(Policy):
    """A Latin hypercube of as many points as there are profiles, each snapped to the nearest unused row.

    The hypercube lies in the ranks of the features, so that each feature's own distribution is covered evenly. It is
    drawn anew for each number of profiles: a part of one is none.

    Source: M. D. McKay, R. J. Beckman, W. J. Conover, "A Comparison of Three Methods for Selecting Values of Input
    Variables in the Analysis of Output from a Computer Code", Technometrics 21, 1979.
    """

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns a new hypercube of `size` rows."""
        return snapped_hypercube(rank_scaled(pool.x), size, known.seed)


class MaximumVariancePolicy(Policy):
    """The row of which the belief knows least, then the next, given the ones before (no thought for the rest).

    Variances are summed over outputs, each relative to the output's own. It starts from random rows.
    """

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        """Returns the rows so far and those of greatest variance; before there is a belief, random ones."""
        if known.belief is None:
            return RandomPolicy().extend(pool, known, size)
        chosen = list(known.asked)
        free = torch.ones(len(pool), dtype=torch.bool)
        free[chosen] = False
        return chosen + _most_unsure(known.belief, pool.x, free, size - len(chosen))


def _most_unsure(belief: HeteroscedasticGP, x: Tensor, free: Tensor, count: int) -> list[int]:
    """Returns `count` of the free rows of `x: n x d`, greedily by variance given the ones before."""
    with torch.no_grad():
        single = x.unsqueeze(1)
        variance = belief.covariance(single, single).reshape(len(x), -1).T  # (m, n)
        noise, explained = belief.noise(x).T, variance.new_zeros(0, *variance.shape)
        chosen: list[int] = []
        for _ in range(count):
            score = (variance / belief.scales.square().unsqueeze(-1)).sum(0)
            score[~free] = -torch.inf
            score[chosen] = -torch.inf
            best = int(score.argmax())
            column = belief.covariance(x, x[best : best + 1]).squeeze(-1)
            column = column - (explained * explained[..., best : best + 1]).sum(0)
            root = column / (variance[:, best] + noise[:, best]).sqrt().unsqueeze(-1)
            variance = (variance - root.square()).clamp_min(0.0)
            explained = torch.cat([explained, root.unsqueeze(0)])
            chosen.append(best)
    return chosen


def rank_scaled(x: Tensor) -> Tensor:
    """Returns the columns of `x: n x d` that vary, by rank from 0 to 1 (equal values share their mean rank)."""
    varying = x[:, x.amax(0) > x.amin(0)]
    if varying.shape[1] == 0:
        return torch.zeros(len(x), 1, dtype=x.dtype)
    return torch.as_tensor((rankdata(varying.numpy(), axis=0) - 0.5) / len(x))


def snapped_hypercube(points: Tensor, count: int, seed: int) -> list[int]:
    """Returns `count` different rows of `points: n x e` in the unit cube, each nearest to a point of the hypercube."""
    generator = child_generator(seed, count, "latin hypercube policy")
    wanted = torch.as_tensor(LatinHypercube(points.shape[1], rng=generator).random(count))
    distances = torch.cdist(wanted, points.double())
    rows: list[int] = []
    for place in range(count):
        distances[:, rows] = torch.inf
        rows.append(int(distances[place].argmin()))
    return rows


def unused(asked: Sequence[int], count: int) -> npt.NDArray[np.int64]:
    """Returns the numbers below `count` that were not asked for, ascending."""
    return np.setdiff1d(np.arange(count), np.asarray(asked, dtype=np.int64))
