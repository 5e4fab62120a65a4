"""Keeps Ray's own messages off this process's output, where they would stand between tables and JSON."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def ray_log_to(path: Path | None) -> Iterator[None]:
    """Sends what Ray would log to a file, or nowhere, as long as the context lasts."""
    logger = logging.getLogger("ray")
    handler = logging.NullHandler() if path is None else logging.FileHandler(path)
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
        handler.close()


def mute(ray: Any) -> None:
    """Stops Ray 2.60 from printing the end of every node, with a stack trace, to standard output.

    No setting does: `log_to_driver` is about the output of workers. Who asks Ray learns of such an end all the same.
    """
    ray._private.worker.print_to_stdstream = lambda *arguments, **options: None
