"""Samples of a space: well-spread, distinct, the same for the same seed.

Points are drawn in a cube of quantiles (see `quantiles.py`) and mapped to candidates gene by gene.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from enum import Enum

import numpy as np
from scipy.stats import qmc

from search_spaces.candidate import Candidate
from search_spaces.encoding import Points, encoding_layout
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.gene_table import GeneTable
from search_spaces.quantiles import table_at
from search_spaces.space import DesignSpace

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
    return sample_table(space, n, method, seed).candidates()


def sample_table(space: DesignSpace, n: int, method: SamplingMethod, seed: int) -> GeneTable:
    """Returns the candidates that `sample` gives, as a table. Raises what `sample` raises."""
    if n < 0:
        raise SpaceError(f"expected a number of candidates of at least 0, got {n}")
    if n > space.size:
        raise SpaceError(f"the space {space.name} holds {space.size} candidates, cannot give {n} different ones")
    draw = _drawer(method, len(encoding_layout(space).names), seed)
    found = GeneTable.of(space, [])
    for _ in range(MOST_ROUNDS):
        missing = n - len(found)
        if not missing:
            return found
        found = found.followed_by(table_at(space, draw(missing))).distinct()
    return found if len(found) == n else _filled(found, n, seed)


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


def _filled(found: GeneTable, n: int, seed: int) -> GeneTable:
    """Returns `found` and, below, candidates drawn by number until there are `n` different ones."""
    candidates = dict.fromkeys(found.candidates())
    for candidate in _by_number(found.space, seed):
        candidates[candidate] = None
        if len(candidates) == n:
            break
    return GeneTable.of(found.space, list(candidates))


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
