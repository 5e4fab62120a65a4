"""Which candidates to measure first on a new device."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from protran.errors import InputError
from protran.evaluate.diverse_rows import diverse_order
from protran.features import FeatureMap
from protran.optimize.seeds import child_seed, deterministic_torch
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

POOL = 256
"""Candidates of the sample from which probes are chosen."""


def choose_probes(features: FeatureMap, count: int, seed: int, pool: int = POOL) -> list[Candidate]:
    """Returns `count` candidates that tell much of a device, those first that tell most.

    They are chosen from a low-discrepancy sample of the space: each is the one of which a smooth model knows least,
    given those before it. Only features are looked at, so that the same arguments give the same probes on every device,
    whatever was measured; fewer probes are the first of more. With a pool of a campaign's seed candidates and its seed,
    they are candidates that the campaign asks for too.

    Raises:
        InputError: the pool, or the space, holds fewer candidates.
    """
    size = check_count(features.space, count, pool)
    candidates = sample(features.space, size, SamplingMethod.SOBOL, seed)
    x = features.of_candidates(candidates)[:, features.columns(features.hardware_names)]
    with torch.no_grad(), deterministic_torch(seed):
        order = diverse_order(x)
    return [candidates[place] for place in order[:count].tolist()]


def choose_checks(space: DesignSpace, count: int, seed: int, probes: Sequence[Candidate]) -> list[Candidate]:
    """Returns `count` random candidates, none of them a probe; fewer where the space holds no more."""
    keys = {probe.key for probe in probes}
    drawn = sample(space, min(space.size, count + len(keys)), SamplingMethod.RANDOM, child_seed(seed, 0, "checks"))
    return [candidate for candidate in drawn if candidate.key not in keys][:count]


def check_count(space: DesignSpace, count: int, pool: int) -> int:
    """Returns the size of the sample. Raises `InputError` where it does not hold so many probes, or these are none."""
    size = min(pool, space.size)
    if not 2 <= count <= size:
        raise InputError(f"expected 2 to {size} probes, as many as the sample holds, got {count}; change --probes")
    return size
