"""A program that keeps one core busy: ``python load.py KIND CORE SECONDS BYTES``.

It ends by itself after SECONDS, or when the process that started it is gone. It runs as a file, so that nothing of ours
is imported beside the work; BYTES is the size of each array of the kind `memory`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from enum import Enum

_CHUNK = 100_000
_LOOKS_PER_COPY = 4


class LoadKind(str, Enum):
    """What a busy core does. COMPUTE: arithmetic in registers and the first cache. MEMORY: copies between arrays."""

    COMPUTE = "compute"
    MEMORY = "memory"


def work_of(kind: LoadKind, copied_bytes: int) -> Callable[[], None]:
    """Returns a function that does a few milliseconds to tenths of a second of such work.

    Args:
        kind: the kind of work.
        copied_bytes: for `MEMORY`, the size of each of the two arrays.
    """
    if kind is LoadKind.COMPUTE:
        return _compute
    import numpy as np  # noqa: PLC0415 - arithmetic needs none of it

    # Written, not only reserved: untouched pages are all the same page of zeros, which stays in the cache.
    source, target = np.ones(max(1, copied_bytes // 8)), np.ones(max(1, copied_bytes // 8))

    def copy() -> None:
        for _ in range(_LOOKS_PER_COPY):
            np.copyto(target, source)

    return copy


def pin(core: int) -> None:
    """Keeps this process on one core, where the system lets it (Linux); elsewhere the system places it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def keep_busy(work: Callable[[], None], goes_on: Callable[[], bool]) -> None:
    """Works as long as `goes_on` says so."""
    while goes_on():
        work()


def _compute() -> None:
    value = 1.0
    for _ in range(_CHUNK):
        value = value * 1.0000001 + 1e-9


def main(arguments: list[str]) -> None:
    """Works as the command line says."""
    kind, core, seconds, copied_bytes = LoadKind(arguments[0]), int(arguments[1]), float(arguments[2]), arguments[3]
    pin(core)
    parent, deadline_s = os.getppid(), time.monotonic() + seconds
    work = work_of(kind, int(copied_bytes))
    keep_busy(work, lambda: time.monotonic() < deadline_s and os.getppid() == parent)


if __name__ == "__main__":
    main(sys.argv[1:])
