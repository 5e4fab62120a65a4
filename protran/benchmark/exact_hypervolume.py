"""The exact hypervolume of points in the unit cube, fast enough for hundreds of points of four objectives.

Objectives are minimised, the reference is 1. Points are sorted by their last objective; the volume is the sum of what
each adds, in the others, to those before it. That is its own box without the part that is dominated already,
which is a hypervolume of fewer points. Three objectives are swept.

Source: L. While, L. Bradstreet, L. Barone, "A Fast Way of Calculating Exact Hypervolumes", IEEE Transactions on
Evolutionary Computation 16(1), 2012, for exclusive volumes by limited sets; C. M. Fonseca, L. Paquete, M. López-Ibáñez,
"An Improved Dimension-Sweep Algorithm for the Hypervolume Indicator", CEC 2006, for three objectives.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from protran.tables.measurement_table import Array


def exact_hypervolume(points: Array) -> float:
    """Returns the volume that `points: n x m` dominate within the unit cube; coordinates from 0 to 1, m >= 1."""
    inside = points[(points < 1.0).all(axis=1)]
    if not len(inside):
        return 0.0
    objectives = inside.shape[1]
    if objectives == 1:
        return float(1.0 - inside.min())
    if objectives <= 3:
        third = inside[:, 2] if objectives == 3 else np.zeros(len(inside))
        return _swept(inside[:, 0], inside[:, 1], third)
    front = _front(inside)
    front = front[np.argsort(front[:, -1], kind="stable")]
    return sum(
        (1.0 - float(point[-1])) * exclusive_volume(point[:-1], front[:place, :-1]) for place, point in enumerate(front)
    )


def exclusive_volume(point: Array, others: Array) -> float:
    """Returns what `point: m` adds to the volume of `others: n x m`."""
    own = float(np.prod(1.0 - point))
    if not len(others) or own <= 0.0:
        return own
    limited = np.maximum(others, point)
    if bool((limited == point).all(axis=1).any()):  # dominated
        return 0.0
    return max(own - exact_hypervolume(limited), 0.0)


def _front(points: Array) -> Array:
    """Returns the non-dominated points, each once."""
    distinct = np.unique(points, axis=0)  # sorted, so that only earlier points dominate
    kept, count = np.empty_like(distinct), 0
    for point in distinct:
        if not bool((kept[:count] <= point).all(axis=1).any()):
            kept[count] = point
            count += 1
    return kept[:count]


def _swept(first: Array, second: Array, third: Array) -> float:
    """Returns the volume of three objectives: the area of the first two, swept along the third."""
    xs, ys = [-1.0, 1.0], [1.0, -1.0]  # a staircase: x rises, y falls; ends that no point passes
    area = volume = height = 0.0
    order = np.argsort(third, kind="stable")
    for x, y, z in zip(first[order].tolist(), second[order].tolist(), third[order].tolist(), strict=True):
        volume += area * (z - height)
        height = z
        place = bisect_left(xs, x)
        if ys[place - 1] <= y or (xs[place] == x and ys[place] <= y):
            continue
        left, end = x, place
        roof = ys[place - 1]
        while ys[end] >= y:
            area += (xs[end] - left) * (roof - y)
            left, roof = xs[end], ys[end]
            end += 1
        area += (xs[end] - left) * (roof - y)
        xs[place:end], ys[place:end] = [x], [y]
    return volume + area * (1.0 - height)
