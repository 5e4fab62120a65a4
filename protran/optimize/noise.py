"""The variance of one observed error rate."""

from __future__ import annotations

SEED_SPREAD = 0.02
"""Standard deviation of the error over training seeds where a campaign has no spread of its own: small models on the
`watch` task differ by 2 to 3 points."""


def error_variance(error: float, examples: float, seed_spread: float = SEED_SPREAD) -> float:
    """Returns the variance of an error rate of one training, judged on `examples` independent examples.

    The binomial part p(1-p)/n uses Laplace's rule (p is drawn towards 1/2 by one success and one failure), so that an
    error of exactly 0 is not believed to be free of noise.

    Args:
        error: observed error rate, 0 to 1.
        examples: number of independent validation examples (for overlapping windows, rather that of recordings).
        seed_spread: standard deviation between training seeds, in error rate.

    Raises:
        ValueError: the error is not in 0 to 1, or there is no example.
    """
    if not 0.0 <= error <= 1.0:
        raise ValueError(f"expected an error rate of 0 to 1, got {error}")
    if examples < 1:
        raise ValueError(f"expected at least 1 validation example, got {examples}")
    drawn = (error * examples + 1.0) / (examples + 2.0)
    return drawn * (1.0 - drawn) / examples + seed_spread**2
