"""A share of the training data that keeps its proportions of classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def stratified_share(labels: npt.NDArray[np.int64], share: float, seed: int) -> npt.NDArray[np.int64]:
    """Returns sorted indices of `share` of the windows, at least one of every class; all of them where share is 1.

    Args:
        labels: `n` classes.
        share: above 0, at most 1.
        seed: equal seeds draw equal windows.
    """
    if share >= 1.0:
        return np.arange(len(labels), dtype=np.int64)
    generator = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen.append(generator.permutation(members)[: max(1, round(share * len(members)))])
    return np.sort(np.concatenate(chosen)).astype(np.int64)
