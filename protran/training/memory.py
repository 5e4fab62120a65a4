"""Lack of memory, told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from protran.training.errors import TrainingError

_OUT_OF_MEMORY = ("bad_alloc", "allocate memory", "not enough memory", "create a memory object")


@contextmanager
def memory_errors_told() -> Iterator[None]:
    """Turns the errors by which Python and torch say that memory ran out into `TrainingError`; others pass."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if _is_out_of_memory(error):
            raise TrainingError("the training ran out of memory; allow more or choose a smaller model") from error
        raise


def _is_out_of_memory(error: BaseException) -> bool:
    """Torch and its libraries tell of a refused allocation in a RuntimeError's text only."""
    text = str(error)
    return isinstance(error, MemoryError) or any(sign in text for sign in _OUT_OF_MEMORY)
