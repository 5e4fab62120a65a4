"""Exact hypervolume of points to minimise, and the one rule by which reference points are chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from protran import dominance

Array = npt.NDArray[np.float64]

MARGIN = 0.1
"""How far beyond the nadir the reference point lies, in ranges of the front.

Source: Ishibuchi et al., "How to Specify a Reference Point in Hypervolume Calculation for Fair Performance Comparison"
(Evolutionary Computation 26(3), 2018)."""


def non_dominated(points: Array) -> npt.NDArray[np.bool_]:
    """Returns which of `points: n x m` (to minimise, finite) no other point dominates; of equal points all stay.

    Raises:
        ValueError: a point is not finite.
    """
    points = np.asarray(points, dtype=np.float64)
    if len(points) == 0:
        return np.zeros(0, dtype=np.bool_)
    if np.isnan(points).any():
        raise ValueError("expected finite points: drop failed candidates first")
    return dominance.non_dominated(points)


def hypervolume(points: Array, reference: Array) -> float:
    """Returns the volume that `points: n x m` dominate up to `reference: m`, all to minimise; exact.

    Points that do not dominate the reference add nothing; no points have no volume.

    Raises:
        ValueError: shapes disagree, or a point is not finite.
    """
    points, reference = np.asarray(points, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if len(points) == 0:
        return 0.0
    if points.ndim != 2 or points.shape[1:] != reference.shape:
        raise ValueError(f"expected points of shape (n, {reference.size}), got {points.shape}")
    if not np.isfinite(points).all() or not np.isfinite(reference).all():
        raise ValueError("expected finite points and reference: drop failed candidates first")
    inside = points[(points < reference).all(axis=1)]
    if len(inside) == 0:
        return 0.0
    if inside.shape[1] == 1:
        return float(reference[0] - inside.min())
    import torch  # noqa: PLC0415 - the two take seconds, and reference points are chosen without them
    from botorch.utils.multi_objective.hypervolume import Hypervolume  # noqa: PLC0415

    front = inside[non_dominated(inside)]
    return float(Hypervolume(-torch.as_tensor(reference)).compute(-torch.as_tensor(front)))


def reference_point(points: Array, limits: Sequence[float | None] | None = None) -> Array:
    """Returns the reference point for `points: n x m` (to minimise; at least one, finite).

    It lies beyond the nadir of the non-dominated points by a tenth of their range, so that the ends of the front count
    too. Where an objective has a limit that is stricter, it lies that tenth beyond the limit instead: what lies far
    outside a budget is worth nothing. Comparisons of methods pass the union of all methods' points.

    Raises:
        ValueError: there is no point.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or len(points) == 0:
        raise ValueError(f"expected one or more points to choose a reference by, got an array of shape {points.shape}")
    front = points[non_dominated(points)]
    ideal, nadir = front.min(axis=0), front.max(axis=0)
    if limits is not None:
        bounds = np.array([np.inf if limit is None else limit for limit in limits])
        nadir = np.where(bounds < nadir, np.maximum(bounds, ideal), nadir)
    return np.asarray(nadir + MARGIN * span(ideal, nadir))


def span(ideal: Array, nadir: Array) -> Array:
    """Returns the range of each objective, never zero: one that does not vary gets a thousandth of its size."""
    return np.asarray(np.maximum(nadir - ideal, 1e-3 * (1.0 + np.abs(nadir))))
