"""Work in other processes that ends soon after an error."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor


@contextlib.contextmanager
def cancelled_after_errors(pool: Executor) -> Iterator[None]:
    """Takes back what has not begun when something fails or somebody interrupts: the end would wait for it all."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
