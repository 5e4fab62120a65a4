"""What is believed about every candidate of a finite pool, after measurements of some of them."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from protran.optimize.cholesky import NUGGET, cholesky_factor
from surrogates.hetero_gp import HeteroscedasticGP

TINY = 1e-30


@dataclass(frozen=True)
class View:
    """One way to see the rows of a pool.

    Attributes:
        x: `n x d`, features of all rows.
        faint: numbers of the columns that are expected to say little.
    """

    x: Tensor
    faint: tuple[int, ...] = ()


@dataclass(frozen=True)
class OutputBelief:
    """A surrogate of the logarithm of one objective, on the view of the rows that it sees.

    Attributes:
        surrogate: of one output.
        x: `n x d`, what it sees of all rows.
    """

    surrogate: HeteroscedasticGP
    x: Tensor

    @classmethod
    def fit(cls, views: Sequence[View], rows: Tensor, y: Tensor) -> OutputBelief:
        """Returns the belief on that view under which rows left out one at a time would have been likeliest.

        Args:
            views: ways to see the pool, one or more.
            rows: `k`, numbers of the measured rows.
            y: `k`, their positive values.
        """
        logarithms = y.log()
        fitted = [(_fitted(view, rows, logarithms), view.x) for view in views]
        surrogate, x = max(fitted, key=lambda pair: _held_out_likelihood(pair[0], logarithms))
        return cls(surrogate, x)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Returns mean and variance of the noise-free logarithm, `n` each."""
        return self._moments

    @functools.cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        """Computed once: another output may be seen as a function of them."""
        with torch.no_grad():
            belief = self.surrogate.predict(self.x)
        return belief.mean[:, 0], belief.epistemic_var[:, 0]

    def covariance(self, rows: Tensor) -> Tensor:
        """Returns the covariance of the noise-free logarithm between some rows and all, `k x n`."""
        with torch.no_grad():
            return self.surrogate.covariance(self.x[rows], self.x)[0]


@dataclass(frozen=True)
class CountedOutput:
    """The logarithm of an objective that was counted for every row: known without noise.

    Attributes:
        x: `n x 1`, the logarithms.
    """

    x: Tensor

    def moments(self) -> tuple[Tensor, Tensor]:
        """Returns the logarithms and their variance, which is 0, `n` each."""
        return self.x[:, 0], torch.zeros_like(self.x[:, 0])

    def covariance(self, rows: Tensor) -> Tensor:
        """Returns zeros, `k x n`: one value says nothing of another that is not known already."""
        return self.x.new_zeros(len(rows), len(self.x))


class PoolBeliefs:
    """The belief about `m` objectives at the `n` rows of a pool, given the noise-free values at known rows.

    What remains unsure of a row is what knowing the known rows *without noise* would leave, as in noisy expected
    improvement: a row like a known one promises no news, however noisy measurements are.

    Source: Daulton, Balandat, Bakshy, "Parallel Bayesian Optimization of Multiple Noisy Objectives with Expected
    Hypervolume Improvement" (NeurIPS 2021); of its draws of the known values, the mean one is taken.

    Attributes:
        mean: `n x m`, of the logarithms.
        variance: `n x m`, given the known rows.
        modelled: `m`, which objectives are believed rather than counted.
    """

    def __init__(self, outputs: Sequence[OutputBelief | CountedOutput], known: Tensor) -> None:
        self._outputs = tuple(outputs)
        self.modelled = torch.tensor([isinstance(output, OutputBelief) for output in outputs])
        moments = [output.moments() for output in outputs]
        self.mean = torch.stack([mean for mean, _ in moments], dim=-1)
        conditioned = [
            _conditioned(output, variance, known) for output, (_, variance) in zip(outputs, moments, strict=True)
        ]
        self._half = [half for half, _ in conditioned]  # each (k, n)
        self.variance = torch.stack([variance for _, variance in conditioned], dim=-1)

    def only(self, rows: Tensor) -> PoolBeliefs:
        """Returns the same belief about some of the rows, which get the numbers of their places in `rows`."""
        part = copy.copy(self)
        part._outputs = tuple(replace(output, x=output.x[rows]) for output in self._outputs)
        part.mean, part.variance = self.mean[rows], self.variance[rows]
        part._half = [half[:, rows] for half in self._half]
        return part

    def know(self, row: int) -> None:
        """Takes one more row for known, at its mean: what it would say of other rows is no longer ignorance."""
        columns = []
        for place, output in enumerate(self._outputs):
            half = self._half[place]
            shared = output.covariance(torch.tensor([row]))[0] - half[:, row] @ half
            new = shared / shared[row].clamp_min(NUGGET * self.variance[:, place].amax()).clamp_min(TINY).sqrt()
            self._half[place] = torch.cat([half, new.unsqueeze(0)])
            columns.append((self.variance[:, place] - new.square()).clamp_min(0.0))
        self.variance = torch.stack(columns, dim=-1)


def _fitted(view: View, rows: Tensor, y: Tensor) -> HeteroscedasticGP:
    surrogate = HeteroscedasticGP([False], view.faint)
    surrogate.fit(view.x[rows], y.unsqueeze(-1))
    return surrogate


def _held_out_likelihood(surrogate: HeteroscedasticGP, y: Tensor) -> float:
    """Returns the mean log density of `y: k` under the normal beliefs from all other rows."""
    unseen = surrogate.leave_one_out()
    variance = (unseen.aleatoric_var + unseen.epistemic_var)[:, 0]
    density = -0.5 * ((y - unseen.mean[:, 0]).square() / variance + (2.0 * math.pi * variance).log())
    return float(density.nanmean())


def _conditioned(output: OutputBelief | CountedOutput, variance: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the half products `k x n` with the known rows and the variances `n` that these leave."""
    cross = output.covariance(known)
    among = cross[:, known]
    among = 0.5 * (among + among.T)
    half = torch.linalg.solve_triangular(cholesky_factor(among), cross, upper=False)
    return half, (variance - half.square().sum(0)).clamp_min(0.0)
