"""The user's cache folder: data converted once, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from protran.tasks.errors import TaskError

CACHE_VARIABLE = "PROTRAN_CACHE"


def cache_folder() -> Path:
    """Returns the folder for converted data: `PROTRAN_CACHE` if set, else the user's cache folder. Not created."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("protran"))


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Writes `arrays` as an .npz file that other processes see whole or not at all.

    Raises:
        TaskError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez(stream, allow_pickle=False, **arrays)
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise
    except OSError as error:
        raise TaskError(
            f"cannot write converted data to {path.parent} ({error.strerror}); set {CACHE_VARIABLE} to a folder that "
            f"can be written"
        ) from error
