"""BOSHNAS as published: one scalar objective, its networks, gradients to the input, the nearest row."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from protran.benchmark.methods.started import StartedMethod
from protran.optimize.seeds import child_generator, child_seed, deterministic_torch
from protran.tables.measurement_table import Array
from surrogates.boshnas import Boshnas
from surrogates.input_search import optimistic, query

AUGMENTATION = 0.05
"""Weight of the sum beside the worst objective."""


class BoshnasSearch(StartedMethod):
    """Climbs optimism over the encoding and asks for the row nearest to the summit, one at a time.

    BOSHNAS has one objective. Here each query has another one: the augmented Chebyshev value of all objectives, scaled
    to their observed range, under random weights, so that queries spread over the front.

    Source: S. Tuli, B. Dedhia, S. Tuli, N. K. Jha, "FlexiBERT: Are Current Transformer Architectures too Homogeneous
    and Rigid?", 2022, arXiv:2205.11656; J. Knowles, "ParEGO", IEEE Transactions on Evolutionary Computation 10(1),
    2006, for the weights.
    """

    def promising(self, count: int) -> list[int]:
        """Returns `count` open rows, each chosen under other weights on the same knowledge, and closes them."""
        first = len(self.pool) - len(self.open)
        return [self._next(first + more) for more in range(count)]

    def _next(self, number: int) -> int:
        """Returns the row of evaluation `number`."""
        asked = np.flatnonzero(~self.open.mask).tolist()
        seed = child_seed(self.seed, number, "boshnas")
        with deterministic_torch(seed):
            pool = torch.as_tensor(self.pool.points)
            surrogate = self._surrogate(pool, number, seed)
            row, _ = query(optimistic(surrogate), lambda x: _ignorance(surrogate, x), pool, asked, seed=seed)
        return self.open.take(row)

    def _surrogate(self, pool: Tensor, number: int, seed: int) -> Boshnas:
        weights = child_generator(self.seed, number, "weights").dirichlet(np.ones(len(self.pool.objectives)))
        scalar = scalarised(np.stack(self.values), weights)
        surrogate = Boshnas([False], seed=seed)
        surrogate.fit(pool[self.rows], torch.as_tensor(scalar).unsqueeze(-1))
        return surrogate


def scalarised(values: Array, weights: Array) -> Array:
    """Returns the augmented Chebyshev values `n` of `values: n x m`, scaled to their range, under `weights: m`."""
    least = values.min(axis=0)
    span = np.maximum(values.max(axis=0) - least, np.finfo(np.float64).tiny)
    weighted = weights * (values - least) / span
    return np.asarray(weighted.max(axis=1) + AUGMENTATION * weighted.sum(axis=1))


def _ignorance(surrogate: Boshnas, x: Tensor) -> Tensor:
    return surrogate.predict(x).epistemic_var[:, 0]
