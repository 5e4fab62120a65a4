"""Rows that a fit can use: gross outliers, which no noise model should have to explain, are left out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from surrogates.transforms import OutputTransform

MOST_ASKED = 2000
NEIGHBOURS = 5
GROSS = 8.0
"""A value this many robust standard deviations from what its neighbours have is a fault, not noise."""
MOST_GROSS = 0.1
"""Where a larger share of the rows looks like faults, the neighbours are no guide, and none is left out."""
FEWEST_TO_JUDGE = 10
NORMAL_MEDIAN = 0.6745
"""Median of the absolute value of a standard normal variable."""


def usable(x: Tensor, y: Tensor, y_var: Tensor, log: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the rows of `x: n x k`, `y: n` and `y_var: n` that `usable_rows` names."""
    rows = usable_rows(x, y, log)
    return x[rows], y[rows], y_var[rows]


def usable_rows(x: Tensor, y: Tensor, log: bool) -> Tensor:
    """Returns the numbers of the rows of `x: n x k` and `y: n` whose value is there (not NaN) and no gross outlier."""
    there = y.isfinite().nonzero().squeeze(-1)
    return there[~gross_outliers(x[there], OutputTransform(log, 0.0, 1.0).transform(y[there]))]


def gross_outliers(x: Tensor, y: Tensor) -> Tensor:
    """Returns which of the values `y: n` are far from the median of their nearest neighbours in `x: n x k`.

    Never any of fewer than 10 rows, and none where more than a tenth seem to be. Of many rows, at most `MOST_ASKED`
    evenly spread ones are asked as neighbours.
    """
    none = torch.zeros(len(x), dtype=torch.bool)
    if len(x) < FEWEST_TO_JUDGE:
        return none
    asked = torch.arange(0, len(x), math.ceil(len(x) / MOST_ASKED))
    distance = torch.cdist(x, x[asked])
    distance[asked, torch.arange(len(asked))] = math.inf  # nobody is a neighbour of itself
    nearest = distance.topk(NEIGHBOURS, largest=False).indices
    deviation = (y - y[asked][nearest].median(-1).values).abs()
    usual = deviation.median() / NORMAL_MEDIAN
    gross = deviation > GROSS * usual
    return gross if usual > 0 and gross.double().mean() <= MOST_GROSS else none
