"""Which model to use, judged on training rows alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from surrogates.base import Surrogate
from surrogates.errors import SurrogateError
from surrogates.validation import folds

PARTS = 5


def select(models: Mapping[str, Callable[[], Surrogate]], x: Tensor, y: Tensor, y_var: Tensor, seed: int) -> str:
    """Returns the name of the model with the least cross-validated error; the first one where errors are equal.

    The error is the geometric mean over outputs of the mean squared error, over the same folds (5, or as many as there
    are rows) for every model. A model that cannot be fitted to a fold is out.

    Args:
        models: makes an unfitted surrogate, by name; a single one is chosen without a look at the rows.
        x: `n x d`, features of the training rows.
        y: `n x m`, their values, NaN where missing.
        y_var: `n x m`, variances of the values, NaN where unknown.
        seed: of the folds.
    """
    names = list(models)
    if len(names) == 1:
        return names[0]
    return min(names, key=lambda name: _error(models[name], x, y, y_var, seed))


def _error(make: Callable[[], Surrogate], x: Tensor, y: Tensor, y_var: Tensor, seed: int) -> float:
    """Returns the mean over outputs of the log of the cross-validated mean squared error."""
    guesses = torch.full_like(y, torch.nan)
    everything = torch.arange(len(x))
    for held_out in folds(len(x), min(PARTS, len(x)), seed):
        kept = everything[~torch.isin(everything, held_out)]
        surrogate = make()
        try:
            surrogate.fit(x[kept], y[kept], y_var[kept])
        except SurrogateError:
            return torch.inf
        guesses[held_out] = surrogate.predict(x[held_out]).mean.detach()
    return float((guesses - y).square().nanmean(0).log().mean())
