"""What a surrogate says of training rows that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from surrogates.base import Surrogate
from surrogates.errors import SurrogateError
from surrogates.prediction import Prediction
from surrogates.validation import folds

MOST_LEFT_OUT_ALONE = 20
"""Of up to this many rows each is left out by itself."""
PARTS = 5
"""Of more, this many parts are left out in turn."""


@runtime_checkable
class LeavesOneOut(Protocol):
    """A surrogate that knows what it would have said of a training row without it."""

    def leave_one_out(self) -> Prediction:
        """Returns the belief about each training row from others, `n x m`, NaN where there is none."""


def held_out(
    surrogate: Surrogate, make: Callable[[], Surrogate], x: Tensor, y: Tensor, y_var: Tensor, seed: int
) -> Prediction:
    """Returns the belief about each training row, `n x m`, without it; NaN where there is none.

    Args:
        surrogate: fitted to all the rows.
        make: makes an unfitted one, for surrogates that must be fitted again without some rows.
        x: `n x d`, features of the rows.
        y: `n x m`, their values, NaN where missing.
        y_var: `n x m`, variances of the values, NaN where unknown.
        seed: of the parts in which rows are left out.
    """
    if isinstance(surrogate, LeavesOneOut):
        return surrogate.leave_one_out()
    mean, aleatoric, epistemic = (torch.full_like(y, torch.nan) for _ in range(3))
    logs: tuple[bool, ...] = ()
    everything, count = torch.arange(len(x)), len(x)
    for part in folds(count, count if count <= MOST_LEFT_OUT_ALONE else PARTS, seed):
        kept = everything[~torch.isin(everything, part)]
        again = make()
        try:
            again.fit(x[kept], y[kept], y_var[kept])
        except SurrogateError:
            continue  # too few values are left
        answer = again.predict(x[part])
        mean[part], aleatoric[part] = answer.mean.detach(), answer.aleatoric_var.detach()
        epistemic[part], logs = answer.epistemic_var.detach(), answer.log_normal
    return Prediction(mean, aleatoric, epistemic, logs)
