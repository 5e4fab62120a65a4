"""Cholesky factors of covariances that rounding may have made indefinite."""

from __future__ import annotations

import torch
from torch import Tensor

NUGGET = 1e-8
"""Added to a covariance matrix before it is factorised, relative to its largest variance."""
LARGER_NUGGET = 1e-4
"""Where that is not enough: many rows of a smooth belief over few dimensions."""
SMALLEST = 1e-8
"""Least variance that nuggets are relative to."""


def cholesky_factor(covariance: Tensor) -> Tensor:
    """Returns the Cholesky factors of `covariance: ... x n x n`, each with the least nugget that makes it one."""
    size = covariance.diagonal(dim1=-2, dim2=-1).amax(-1).clamp_min(SMALLEST)[..., None, None]
    identity = torch.eye(covariance.shape[-1], dtype=covariance.dtype)
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(covariance + NUGGET * size * identity)
    if int(failed.max()):
        larger = torch.full_like(size, NUGGET).masked_fill(failed[..., None, None] > 0, LARGER_NUGGET)
        factor = torch.linalg.cholesky(covariance + larger * size * identity)
    return factor
