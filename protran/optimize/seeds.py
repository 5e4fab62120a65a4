"""Named child generators of one root seed, and a fence around the global random state of torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def child_sequence(root: int, step: int, name: str) -> np.random.SeedSequence:
    """Returns the seed sequence of one named use in one step; equal for equal arguments, independent otherwise."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.SeedSequence(entropy=root, spawn_key=(step, int.from_bytes(digest[:4], "big")))


def child_generator(root: int, step: int, name: str) -> np.random.Generator:
    """Returns numpy's generator over `child_sequence`."""
    return np.random.default_rng(child_sequence(root, step, name))


def child_seed(root: int, step: int, name: str) -> int:
    """Returns one whole number below 2**31 from `child_sequence`, for libraries that take a plain seed."""
    return int(child_sequence(root, step, name).generate_state(1)[0] >> 1)


@contextmanager
def deterministic_torch(seed: int) -> Iterator[None]:
    """Runs torch on one thread with its global generator at `seed`; restores both afterwards.

    One thread because sums then have one order, and because matrices of this size gain nothing from more. The global
    generator because parts of botorch draw from it without a way to pass a seed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
