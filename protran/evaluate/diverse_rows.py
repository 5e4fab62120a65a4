"""An order of rows in which few of them tell much."""

from __future__ import annotations

import math

import torch
from torch import Tensor

MOST_CHOSEN = 256
"""So many rows are chosen; the rest keeps its random order."""
NEGLIGIBLE = 1e-9


def diverse_order(x: Tensor) -> Tensor:
    """Returns the row numbers of `x: n x d`, those first that are worth measuring first.

    Each is the row of which a Gaussian process with a level, a linear trend and smooth deviations knows least, given
    those before it (pivoted Cholesky factorisation). Only features are looked at, no measurement.

    Source: C.-W. Ko, J. Lee, M. Queyranne, "An Exact Algorithm for Maximum Entropy Sampling", Operations Research 43,
    1995, for the criterion; H. Harbrecht, M. Peters, R. Schneider, "On the low-rank approximation by the pivoted
    Cholesky decomposition", Applied Numerical Mathematics 62, 2012, for the greedy factorisation.
    """
    scaled = _standardised(x)
    left = 1.0 + scaled.square().sum(-1) / scaled.shape[1] + 1.0
    factor = x.new_empty(len(x), 0)
    chosen: list[int] = []
    for _ in range(min(MOST_CHOSEN, len(x))):
        open_rows = left.clone()
        open_rows[chosen] = -math.inf
        row = int(open_rows.argmax())
        column = _covariance(scaled, scaled[row]) - factor @ factor[row]
        factor = torch.cat([factor, (column / left[row].clamp_min(NEGLIGIBLE).sqrt()).unsqueeze(-1)], dim=-1)
        left = (left - factor[:, -1].square()).clamp_min(0.0)
        chosen.append(row)
    rest = torch.ones(len(x), dtype=torch.bool)
    rest[chosen] = False
    return torch.cat([torch.tensor(chosen), rest.nonzero().squeeze(-1)])


def _standardised(x: Tensor) -> Tensor:
    """Returns the columns that vary, with mean 0 and standard deviation 1."""
    scale = x.std(0, unbiased=False)
    varies = scale > NEGLIGIBLE * (1.0 + x.mean(0).abs())
    kept = x[:, varies] if bool(varies.any()) else torch.zeros_like(x[:, :1])
    return (kept - kept.mean(0)) / kept.std(0, unbiased=False).clamp_min(NEGLIGIBLE)


def _covariance(x: Tensor, row: Tensor) -> Tensor:
    """Returns the prior covariance of each row of `x: n x d` with `row: d`; lengthscale `sqrt(2 d)`."""
    dimension = x.shape[1]
    squared = (x - row).square().sum(-1) / (2.0 * dimension)
    return 1.0 + x @ row / dimension + (-0.5 * squared).exp()
