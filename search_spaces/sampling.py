"""Samples of a space: well-spread, distinct, the same for the same seed.

Points are drawn in a cube of quantiles and mapped gene by gene, each gene uniform over what it may be given the genes
before it. Kinds of heads come from a sparse Dirichlet distribution, so that layers of one kind and layers of many
kinds are both common: uniform weights would make almost every layer a mixture of everything.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import qmc

from search_spaces.candidate import Architecture, Candidate, Layer
from search_spaces.encoding import Choice, EncodingLayout, LayerCoordinates, Points, encoding_layout, share_heads
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.space import DesignSpace

SPARSITY = 0.15  # the Dirichlet's concentration per kind: below 1, few kinds take most of the weight
MOST_ROUNDS = 8  # of low-discrepancy points, before the rest is drawn by number


class SamplingMethod(str, Enum):
    """How points of the cube are spread."""

    SOBOL = "sobol"
    LATIN_HYPERCUBE = "latin-hypercube"
    HALTON = "halton"
    RANDOM = "random"


def sample(space: DesignSpace, n: int, method: SamplingMethod, seed: int) -> list[Candidate]:
    """Returns `n` distinct candidates of `space`; the same for the same arguments.

    Where the points of the cube meet the same candidates again and again, as in a small space, the rest is drawn
    uniformly among all candidates.

    Raises:
        SpaceError: `n` is negative, or the space holds fewer candidates.
    """
    if n < 0:
        raise SpaceError(f"expected a number of candidates of at least 0, got {n}")
    if n > space.size:
        raise SpaceError(f"the space {space.name} holds {space.size} candidates, cannot give {n} different ones")
    layout = encoding_layout(space)
    draw = _drawer(method, len(layout.names), seed)
    found: dict[Candidate, None] = {}
    for _ in range(MOST_ROUNDS):
        missing = n - len(found)
        if not missing:
            break
        found |= dict.fromkeys([_candidate_at(space, layout, point) for point in draw(missing)])
    if len(found) < n:
        for candidate in _by_number(space, seed):
            found[candidate] = None
            if len(found) == n:
                break
    return list(found)


def _drawer(method: SamplingMethod, dimension: int, seed: int) -> Callable[[int], Points]:
    """Returns a function that draws the next `m x d` points of the cube."""
    generator = np.random.default_rng(seed)
    method = SamplingMethod(method)
    if method is SamplingMethod.RANDOM:
        return lambda m: generator.random((m, dimension))
    if method is SamplingMethod.LATIN_HYPERCUBE:
        return lambda m: qmc.LatinHypercube(dimension, rng=generator).random(m)
    if method is SamplingMethod.HALTON:
        halton = qmc.Halton(dimension, rng=generator)
        draw: Callable[[int], Points] = halton.random
        return draw
    sobol = qmc.Sobol(dimension, rng=generator)
    # Sobol points are balanced in blocks of a power of two: take the head of such a block.
    return lambda m: sobol.random(1 << (m - 1).bit_length())[:m]


def _candidate_at(space: DesignSpace, layout: EncodingLayout, point: Points) -> Candidate:
    quantiles: list[float] = point.tolist()
    depth = _at(space.layers, quantiles[layout.depth])
    layers = tuple(_layer_at(space, place, quantiles) for place in layout.layers[:depth])
    return Candidate(Architecture(layers), _at(space.deployments, quantiles[layout.deployment]))


def _layer_at(space: DesignSpace, place: LayerCoordinates, quantiles: list[float]) -> Layer:
    hidden = _at(space.allowed_hidden, quantiles[place.hidden])
    count = _at(space.allowed_heads(hidden), quantiles[place.heads])
    # A Dirichlet draw is gamma draws over their sum; share_heads divides by the sum.
    weights: list[float] = gammaincinv(SPARSITY, [quantiles[coordinate] for coordinate in place.kinds]).tolist()
    stacks = _at(space.stacks, quantiles[place.stacks])
    allowed = space.allowed_feed_forward(hidden)
    sizes = tuple(_at(allowed, quantiles[coordinate]) for coordinate in place.sizes[:stacks])
    return Layer(hidden, share_heads(space, count, weights), sizes)


def _at(choices: Sequence[Choice], quantile: float) -> Choice:
    return choices[min(int(quantile * len(choices)), len(choices) - 1)]


def _by_number(space: DesignSpace, seed: int) -> Iterator[Candidate]:
    """Yields candidates uniformly; from a space of up to a million, every one exactly once."""
    generator = random.Random(seed)
    size = space.size
    if size <= 1_000_000:
        numbers = list(range(size))
        generator.shuffle(numbers)
        yield from (nth_candidate(space, number) for number in numbers)
        return
    while True:
        yield nth_candidate(space, generator.randrange(size))
