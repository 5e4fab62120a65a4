"""Which model to use, judged on training rows alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from surrogates.base import Surrogate
from surrogates.errors import SurrogateError
from surrogates.validation import folds

PARTS = 5
HOPELESS = 1.5
"""A challenger whose error after some folds is this many times the leader's is not fitted to the others."""
NOT_RACED = frozenset({"ensemble", "boshnas", "published"})
"""Never picked beside others: networks cost seconds a fit and on the published tables are no better than processes by
more than the noise of cross-validation; `published` is what others are compared with."""

Make = Callable[[], Surrogate]


def select(models: Mapping[str, Make], x: Tensor, y: Tensor, y_var: Tensor, seed: int) -> str:
    """Returns the name of the first model, or of one whose cross-validated error is clearly smaller.

    Errors are squared, relative to the leader's mean per output, over the same folds (5, or as many as there are rows)
    for every model. A challenger must be better by more than one standard error of the paired differences: of few rows
    the least error is mostly the luckiest. A model that cannot be fitted to a fold is out.

    Source: L. Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3, for the standard error.

    Args:
        models: makes an unfitted surrogate, by name, the one to trust first; a single one is chosen without a look.
        x: `n x d`, features of the training rows.
        y: `n x m`, their values, NaN where missing.
        y_var: `n x m`, variances of the values, NaN where unknown.
        seed: of the folds.
    """
    names = [name for name in models if name not in NOT_RACED] or list(models)
    if len(names) == 1:
        return names[0]
    leader, least = names[0], _squares(models[names[0]], x, y, y_var, seed, None)
    for name in names[1:]:
        squares = _squares(models[name], x, y, y_var, seed, least)
        if squares is not None and (least is None or _clearly_smaller(squares, least)):
            leader, least = name, squares
    return leader


def _clearly_smaller(squares: Tensor, least: Tensor) -> bool:
    """Returns whether `squares: n x m` are smaller than `least: n x m` beyond doubt of one standard error."""
    gain = ((least - squares) / _typical(least)).nanmean(-1)
    gain = gain[gain.isfinite()]
    return float(gain.mean()) > float(gain.std()) / math.sqrt(len(gain))


def _typical(squares: Tensor) -> Tensor:
    """Returns the mean of each column, `m`, never 0."""
    return squares.nanmean(0).clamp_min(torch.finfo(squares.dtype).tiny)


def _squares(make: Make, x: Tensor, y: Tensor, y_var: Tensor, seed: int, least: Tensor | None) -> Tensor | None:
    """Returns the squared cross-validated errors `n x m`; None where the model fails, or loses against `least`."""
    squares = torch.full_like(y, torch.nan)
    everything = torch.arange(len(x))
    for held_out in folds(len(x), min(PARTS, len(x)), seed):
        kept = everything[~torch.isin(everything, held_out)]
        surrogate = make()
        try:
            surrogate.fit(x[kept], y[kept], y_var[kept])
        except SurrogateError:
            return None
        squares[held_out] = (surrogate.predict(x[held_out]).mean.detach() - y[held_out]).square()
        if least is not None and _hopeless(squares, least):
            return None
    return squares


def _hopeless(squares: Tensor, least: Tensor) -> bool:
    """Returns whether errors so far, NaN where unknown, are far larger than `least` at the same rows."""
    same = least.masked_fill(squares.isnan(), torch.nan)
    ratio = (_typical(squares) / _typical(same)).log().nanmean()
    return float(ratio) > math.log(HOPELESS)
