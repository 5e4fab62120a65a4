"""A lock that ends with the process that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from device_agents.errors import DeviceError


@contextlib.contextmanager
def locked(path: Path, otherwise: str) -> Iterator[None]:
    """Holds the lock of a file as long as the context lasts.

    Args:
        path: the file; made if there is none.
        otherwise: the sentence for the user where another process holds it.

    Raises:
        DeviceError: another process holds it, or the file cannot be opened.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DeviceError(f"cannot open {path} ({error.strerror}); mend its rights") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DeviceError(otherwise) from error
        yield
    finally:
        os.close(handle)
