"""How good a surrogate's beliefs are, judged on values that it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy.stats import kendalltau
from torch import Tensor

from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction

WITHIN = 0.1
LEVEL = 0.9


@dataclass(frozen=True)
class Metrics:
    """How predictions of one output compare with measured values.

    Attributes:
        nmse: mean squared error over the squared maximum of the values.
        mape: mean absolute error relative to the value.
        within10: share of predictions within 10 % of the value.
        tau: Kendall's rank correlation (tau-b); NaN where either side is constant.
        nll: mean negative log density of the values, nats, in the output's unit.
        coverage90: share of values inside the central 90 % interval of one new measurement.
        width90: mean width of that interval relative to the value.
        count: how many values were compared.
    """

    nmse: float
    mape: float
    within10: float
    tau: float
    nll: float
    coverage90: float
    width90: float
    count: int


def score(prediction: Prediction, y: Tensor) -> tuple[Metrics, ...]:
    """Returns the metrics of each of the `m` outputs, over the entries where both prediction and `y: n x m` are finite.

    Errors and ranks are those of the prediction's median.

    Raises:
        SurrogateError: shapes disagree, or an output has fewer than 2 comparable values.
    """
    if y.shape != prediction.mean.shape:
        expected, got = tuple(prediction.mean.shape), tuple(y.shape)
        raise SurrogateError(f"expected values of the predictions' shape {expected}, got {got}")
    guess, (low, high) = prediction.median, prediction.interval(LEVEL)
    density = prediction.log_density(y)
    metrics = []
    for i in range(y.shape[1]):
        seen = y[:, i].isfinite() & guess[:, i].isfinite()
        if int(seen.sum()) < 2:
            raise SurrogateError(f"expected at least 2 values of output {i} to compare with, got {int(seen.sum())}")
        columns = (guess, y, low, high, density)
        metrics.append(_score_column(*(column[seen, i].detach() for column in columns)))
    return tuple(metrics)


def _score_column(guess: Tensor, y: Tensor, low: Tensor, high: Tensor, density: Tensor) -> Metrics:
    """Returns the metrics of one output; all arguments `n`."""
    error = (guess - y).abs()
    relative = error / y.abs()
    return Metrics(
        nmse=float(error.square().mean() / y.abs().max().square()),
        mape=float(relative.mean()),
        within10=float((relative <= WITHIN).double().mean()),
        tau=_kendall(guess, y),
        nll=float(-density.mean()),
        coverage90=float(((low <= y) & (y <= high)).double().mean()),
        width90=float(((high - low) / y.abs()).mean()),
        count=len(y),
    )


def _kendall(guess: Tensor, y: Tensor) -> float:
    if bool((guess == guess[0]).all()) or bool((y == y[0]).all()):
        return math.nan
    return float(kendalltau(guess.numpy(), y.numpy()).statistic)


def folds(count: int, parts: int, seed: int) -> tuple[Tensor, ...]:
    """Returns `parts` disjoint sets of row numbers of nearly equal size that together are `0..count-1`.

    Raises:
        SurrogateError: there are fewer rows than parts, or fewer than 2 parts.
    """
    if not 2 <= parts <= count:
        raise SurrogateError(f"expected 2 to {count} parts of {count} rows, got {parts}")
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return tuple(part.sort().values for part in order.tensor_split(parts))
