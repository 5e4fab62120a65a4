"""What noise lets any choice of rows attain, if the process behind a measure were known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.active import choose, variance_reduction
from surrogates.gaussian_process import GaussianProcess

RANDOM_DRAWS = 20


@dataclass(frozen=True)
class PriorProcess:
    """A fitted process that has forgotten its rows: one output whose covariance and noise are known.

    Attributes:
        process: has the hyperparameters.
    """

    process: GaussianProcess

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the covariance `... x 1 x n1 x n2` of the noise-free output."""
        covariance: Tensor = self.process.kernel.forward(first, second)
        return covariance.unsqueeze(-3)

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `... x 1` of one measurement, the same everywhere."""
        noise = self.process.extra_noise + float(self.process.known_noise.mean())
        return x.new_full((*x.shape[:-1], 1), noise)


@dataclass(frozen=True)
class Limit:
    """How far the best rows for one measure go.

    Attributes:
        needed: least number of them whose error is that of the random ones; None where all those tried were too few.
        ratio: their error over that of the random ones, after fewer profiles.
        random_ratio: the error of as few random rows over that of the random ones.
    """

    needed: int | None
    ratio: float
    random_ratio: float


def limit(process: GaussianProcess, pool: Tensor, reference: Tensor, *, random: int, few: int, seed: int) -> Limit:
    """Returns the limit for a measure that is such a process, its hyperparameters and its noise being known.

    Rows are chosen greedily for that measure alone. Errors are roots of the mean variance over the reference, with its
    share of level, trend and bends; of random rows the mean variance of twenty draws counts.

    Args:
        process: fitted to so many rows that its hyperparameters are as good as known.
        pool: `n x d`, what can be chosen, standardised as the process's rows are.
        reference: `r x d`, where the error counts.
        random: profiles of the random rows to compare with; so many are chosen at most.
        few: profiles for the ratios.
        seed: of the random rows.
    """
    prior, one = PriorProcess(process), torch.ones(1, dtype=torch.float64)
    whole = float(process.kernel.forward(reference, reference, diag=True).mean())

    def variance(rows: Tensor) -> float:
        return whole - float(variance_reduction(prior, pool[rows], reference, weights=one))

    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(pool), generator=generator)[:random] for _ in range(RANDOM_DRAWS)]
    with torch.no_grad():
        chosen = torch.tensor(choose(prior, pool, reference, random, weights=one))
        goal = sum(variance(order) for order in orders) / RANDOM_DRAWS
        poor = sum(variance(order[:few]) for order in orders) / RANDOM_DRAWS
        enough = (count for count in range(1, random + 1) if variance(chosen[:count]) <= goal)
        return Limit(next(enough, None), (variance(chosen[:few]) / goal) ** 0.5, (poor / goal) ** 0.5)
