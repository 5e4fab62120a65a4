"""Which architectures are in the table, and in what order the work on them is done."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

import numpy as np

from protran.errors import InputError
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

SPACE = "edge-small"
MOST = 1024
SAMPLE_SEED = 0


def design_space() -> DesignSpace:
    """Returns the space that the architectures are from."""
    return load_space(SPACE)


def planned(count: int) -> list[Candidate]:
    """Returns the first `count` candidates of a Sobol sample; those of a longer table begin with those of a shorter.

    Always as many are drawn as a table may have at most: what is drawn in place of a repeated candidate depends on how
    many are asked for. No preset of `search_spaces.presets` is in the space, so none is in the table.

    Raises:
        InputError: `count` is below 1 or above `MOST`.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"expected 1 to {MOST} candidates, got {count}; change --candidates")
    return list(_drawn()[:count])


@functools.cache
def _drawn() -> tuple[Candidate, ...]:
    return tuple(sample(design_space(), MOST, SamplingMethod.SOBOL, SAMPLE_SEED))


def training_order(count: int, seeds: int) -> list[tuple[int, int]]:
    """Returns (number of the candidate, seed): every candidate once before any twice, so that any beginning is a table.

    Raises:
        InputError: fewer than one seed.
    """
    if seeds < 1:
        raise InputError(f"expected at least 1 seed, got {seeds}; change --seeds")
    return [(number, seed) for seed, number in itertools.product(range(seeds), range(count))]


def profile_order(count: int, repeats: Sequence[int]) -> list[tuple[int, int]]:
    """Returns (number of the candidate, repeat): every candidate once before any twice, each time in another order.

    Repeats of a candidate lie far apart, so that they differ by what a machine does over minutes, and the order is a
    random one, so that what changes slowly falls on large and small alike.
    """
    return [(int(n), repeat) for repeat in repeats for n in np.random.default_rng(repeat).permutation(count)]
