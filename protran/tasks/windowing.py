"""Cuts recordings into windows of one length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def window_starts(length: int, window: int, stride: int) -> npt.NDArray[np.int64]:
    """Returns the first sample of each whole window in a recording of `length` samples; empty if it is too short."""
    return np.arange(0, length - window + 1, stride, dtype=np.int64) if length >= window else np.empty(0, np.int64)


def cut_windows(recording: npt.NDArray[np.float32], window: int, stride: int) -> npt.NDArray[np.float32]:
    """Returns the windows of one recording.

    Args:
        recording: `samples x channels`.
        window: samples per window.
        stride: samples from the start of one window to the start of the next.

    Returns:
        `n x channels x window`; n is 0 where the recording is shorter than a window.
    """
    starts = window_starts(len(recording), window, stride)
    index = starts[:, None] + np.arange(window)[None, :]  # (n, window)
    return np.ascontiguousarray(recording[index].transpose(0, 2, 1))
