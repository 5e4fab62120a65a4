"""The variance of observed error rates: what a few seeds and a finite validation set leave open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SEED_SPREAD = 0.02
"""Standard deviation of the error over training seeds that is expected before any is seen: small models on the `watch`
task differ by 2 to 3 points."""
PRIOR_WEIGHT = 4.0
"""Degrees of freedom that the expectation is worth: as much as five seeds."""


def error_variance(error: float, examples: float | None, seed_spread: float = SEED_SPREAD) -> float:
    """Returns the variance of an error rate of one training, judged on `examples` independent examples.

    The binomial part p(1-p)/n uses Laplace's rule (p is drawn towards 1/2 by one success and one failure), so that an
    error of exactly 0 is not believed to be free of noise.

    Args:
        error: observed error rate, 0 to 1.
        examples: number of independent validation examples (for overlapping windows, rather that of recordings); None
            where all that are compared are judged on the same ones, so that drawing them adds no noise between them.
        seed_spread: standard deviation between training seeds, in error rate.

    Raises:
        ValueError: the error is not in 0 to 1, or there is no example.
    """
    if not 0.0 <= error <= 1.0:
        raise ValueError(f"expected an error rate of 0 to 1, got {error}")
    if examples is None:
        return seed_spread**2
    if examples < 1:
        raise ValueError(f"expected at least 1 validation example, got {examples}")
    drawn = (error * examples + 1.0) / (examples + 2.0)
    return drawn * (1.0 - drawn) / examples + seed_spread**2


def mean_error_variance(errors: Sequence[float], examples: float | None, seed_spread: float = SEED_SPREAD) -> float:
    """Returns the variance of the mean of the error rates of one architecture's trainings, one per seed.

    The spread between two or three seeds says little about the spread between all: two that happen to agree are not
    free of noise. So the sample variance is shrunk towards the expected one (the mean of a scaled inverse chi-squared
    posterior's scale), which alone counts for a single seed.

    Args:
        errors: one error rate per seed; at least one.
        examples: number of independent validation examples, or None; see `error_variance`.
        seed_spread: expected standard deviation between training seeds, in error rate.

    Raises:
        ValueError: there is no error rate, or one is not in 0 to 1, or there is no example.

    Source: Gelman et al., "Bayesian Data Analysis" (3rd edition, 2013), section 2.6.
    """
    if len(errors) == 0:
        raise ValueError("expected one or more error rates, got none")
    expected = float(np.mean([error_variance(error, examples, seed_spread) for error in errors]))
    squares = float(np.square(np.asarray(errors) - np.mean(errors)).sum())
    single = (PRIOR_WEIGHT * expected + squares) / (PRIOR_WEIGHT + len(errors) - 1)
    return single / len(errors)
