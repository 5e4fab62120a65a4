"""Reads windows from an NPZ file: X (windows x channels x length), y (windows), optional groups (windows)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.tasks.errors import TaskError
from protran.tasks.labelled import LabelledWindows, indexed


def read_npz_windows(content: bytes, name: str) -> LabelledWindows:
    """Returns the windows of an NPZ file. Arrays of Python objects are refused: they would have to be unpickled.

    Args:
        content: the file.
        name: what to call the file in errors.

    Raises:
        TaskError: not an NPZ file, an array is missing, of a wrong shape or type, or holds NaN.
    """
    arrays = _arrays(content, name)
    for wanted in ("X", "y"):
        if wanted not in arrays:
            raise TaskError(
                f"{name}: array {wanted!r} is missing; found {', '.join(sorted(arrays)) or 'none'}; save X (windows x "
                f"channels x length), y (windows) and, if known, groups (windows)"
            )
    signals = _signals(arrays["X"], name)
    classes, labels = indexed(_names(arrays["y"], "y", len(signals), name))
    groups = None
    if "groups" in arrays:
        groups = indexed(_names(arrays["groups"], "groups", len(signals), name))[1]
    return LabelledWindows(signals, labels, classes, recordings=groups, persons=None)


def _arrays(content: bytes, name: str) -> Mapping[str, npt.NDArray[Any]]:
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise TaskError(f"{name}: expected an .npz file with arrays X and y, got a single array")
        with loaded:
            return {key: loaded[key] for key in loaded.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, TaskError):
            raise
        raise TaskError(
            f"{name}: cannot be read as an .npz file ({error}); save it with numpy.savez and plain number or text "
            f"arrays"
        ) from error


def _signals(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.float32]:
    if array.dtype.kind not in "fiu":
        raise TaskError(f"{name}: X must hold numbers, got {array.dtype}")
    if array.ndim != 3 or 0 in array.shape:
        raise TaskError(f"{name}: X must have the shape (windows, channels, length), got {array.shape}")
    with np.errstate(over="ignore"):
        signals = np.ascontiguousarray(array, dtype=np.float32)
    bad = np.flatnonzero(np.logical_not(np.isfinite(signals).all(axis=(1, 2))))
    if len(bad):
        raise TaskError(
            f"{name}: X must hold finite numbers, got NaN or infinity in {len(bad)} of {len(signals)} windows "
            f"(first: index {bad[0]}); repair or remove them"
        )
    return signals


def _names(array: npt.NDArray[Any], key: str, windows: int, name: str) -> list[str]:
    if array.shape != (windows,):
        raise TaskError(f"{name}: {key} must have one entry a window, shape ({windows},), got {array.shape}")
    if array.dtype.kind not in "iubU":
        raise TaskError(f"{name}: {key} must hold whole numbers or text, got {array.dtype}")
    return [str(value) for value in array.tolist()]
