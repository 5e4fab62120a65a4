"""Intervals as wide as rows that were not seen show that they must be."""

from __future__ import annotations

from statistics import NormalDist

import torch
from torch import Tensor

from surrogates.prediction import Prediction

LEVEL = 0.9
CAUTION = 40.0
"""As many rows count for the belief's own width as are needed before the unseen ones outweigh it. With fewer the
quantile of 20 rows decides, which is the third largest residual; with more, faults of the belief stay for long."""
FEWEST_TO_NARROW = 20
"""Fewer rows may widen intervals and not narrow them: of 8 rows, the residuals are too small as often as not."""
NARROWEST, WIDEST = 0.5, 2.0


def spread(unseen: Prediction, y: Tensor) -> Tensor:
    """Returns the factor on standard deviations, `m`, by which central 90 % intervals would hold 90 % of unseen rows.

    The quantile of the absolute standard scores over that of a normal variable, shrunk to 1 where rows are few.

    Source: J. Lei et al., "Distribution-Free Predictive Inference for Regression", Journal of the American Statistical
    Association 113, 2018, section 5.2, for residuals divided by their own scale; R. F. Barber et al., "Predictive
    Inference with the Jackknife+", Annals of Statistics 49, 2021, for residuals of rows that were left out. Without
    their `n + 1`, which guarantees at least 90 % on average over tables and so covers more: the aim here is 90 %.

    Args:
        unseen: `n x m`, what was believed of each row without it, NaN where nothing was.
        y: `n x m`, the rows' values, NaN where missing.
    """
    expected = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    factors = []
    for scores in unseen.standard_scores(y).abs().T:
        known = scores[scores.isfinite()]
        factor = float(known.quantile(LEVEL)) / expected if len(known) else 1.0
        narrowest = NARROWEST if len(known) >= FEWEST_TO_NARROW else 1.0
        share = len(known) / (len(known) + CAUTION)
        factors.append(min(max(factor, narrowest), WIDEST) ** share)
    return torch.tensor(factors, dtype=torch.float64)
