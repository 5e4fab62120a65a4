"""What every surrogate demands of its training rows, and that there were some before it answers."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

from surrogates.errors import SurrogateError

FEWEST_VALUES = 2
State = TypeVar("State")


def fitted(state: State | None) -> State:
    """Returns what a fit left behind. Raises `SurrogateError` where there was none."""
    if state is None:
        raise SurrogateError("expected a fitted surrogate, got one without data; call fit first")
    return state


def checked(x: Tensor, y: Tensor, y_var: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Returns `x: n x d`, `y: n x m` and `y_var: n x m` in float64, an absent `y_var` as NaN.

    Raises:
        SurrogateError: shapes disagree, a feature or variance is unusable, or an output has fewer than 2 values.
    """
    x, y = x.detach().double(), y.detach().double()
    y_var = torch.full_like(y, torch.nan) if y_var is None else y_var.detach().double()
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or y_var.shape != y.shape or 0 in (x.shape[1], y.shape[1]):
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in (x, y, y_var))
        raise SurrogateError(f"expected x: n x d, y: n x m and y_var: n x m, got shapes {shapes}")
    if not bool(x.isfinite().all()):
        row, column = (~x.isfinite()).nonzero()[0].tolist()
        raise SurrogateError(
            f"expected finite features, got {float(x[row, column])} in row {row}, column {column}; leave the row out"
        )
    if bool(y.isinf().any()) or bool(y_var.isinf().any()) or bool((y_var < 0).any()):
        raise SurrogateError(
            "expected finite values and variances of at least 0 (NaN where missing), got an infinite or a negative one"
        )
    for output, found in enumerate(y.isfinite().sum(0).tolist()):
        if found < FEWEST_VALUES:
            raise SurrogateError(
                f"expected at least {FEWEST_VALUES} values of output {output}, got {found}; measure more first"
            )
    return x, y, y_var
