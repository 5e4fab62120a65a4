"""How large the mean relative error of a belief may be: when active learning may stop."""

from __future__ import annotations

import torch
from torch import Tensor

from surrogates.active import JointBelief
from surrogates.errors import SurrogateError

CONFIDENCE = 0.95
"""On the published HW-GPT-Bench tables bounds of this confidence hold less often than they say, because what the belief
takes for given (its hyperparameters, its shape) is uncertain too: see the benchmark `active_learning`."""
DRAWS = 512
SEED = 0
"""Of the draws, so that a belief has one bound."""
RIDGE = 1e-6
"""Added to the correlations' diagonal: points that are nearly the same leave a factor."""


def relative_error_bound(belief: JointBelief, reference: Tensor, *, confidence: float = CONFIDENCE) -> Tensor:
    """Returns `m`, what the mean absolute relative error over `reference: r x d` stays below, with some confidence.

    The error is that of the belief's mean against the true mean, without the noise of measurements. Errors at different
    points go together (a level that is wrong is wrong everywhere), so that their mean over the space is as uncertain as
    a few numbers are: its expectation is exceeded half of the time, and a rule that stops there is wrong half of the
    time. The bound is a quantile over functions drawn from the belief.

    Args:
        belief: a fitted surrogate.
        reference: a sample of the space, a few hundred points.
        confidence: probability, by the belief itself, that the error is below.

    Raises:
        SurrogateError: the confidence is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise SurrogateError(f"expected a confidence between 0 and 1, got {confidence:g}")
    with torch.no_grad():
        prediction = belief.predict(reference)
        deviation = (prediction.epistemic_var.sqrt() / prediction.mean.abs()).T.unsqueeze(-1)  # (m, r, 1)
        factor = _correlation_factor(belief.covariance(reference, reference))
    generator = torch.Generator().manual_seed(SEED)
    drawn = factor @ torch.randn(len(reference), DRAWS, generator=generator, dtype=factor.dtype)
    return (drawn.abs() * deviation).mean(-2).quantile(confidence, dim=-1)


def _correlation_factor(covariance: Tensor) -> Tensor:
    """Returns the lower Cholesky factor of the correlations, `m x r x r`."""
    variance = covariance.diagonal(dim1=-2, dim2=-1)
    tiny = torch.finfo(covariance.dtype).tiny
    scale = variance.clamp_min(tiny).rsqrt()
    correlation = covariance * scale.unsqueeze(-1) * scale.unsqueeze(-2)
    kept = correlation - torch.diag_embed(correlation.diagonal(dim1=-2, dim2=-1))
    one = torch.ones_like(variance)
    for ridge in (RIDGE, 1e-4, 1e-2):
        factor: Tensor
        factor, failed = torch.linalg.cholesky_ex(kept + torch.diag_embed(one + ridge))
        if not bool(failed.any()):
            return factor
    raise SurrogateError(
        "expected a positive definite covariance, got one that no jitter mends; fit the surrogate anew"
    )
