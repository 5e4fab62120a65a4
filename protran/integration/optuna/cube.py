"""A search space of Optuna as the unit cube, and back."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution

from protran.integration.optuna.axes import Array, axis_of


class ParameterCube:
    """Points of the unit cube for the values of some parameters.

    Args:
        search_space: the parameters by name, none of them with a single value.

    Attributes:
        search_space: the same.
        dimension: number of coordinates `d`.
        numeric: `d`, which coordinates belong to numbers rather than to choices.
    """

    def __init__(self, search_space: Mapping[str, BaseDistribution]) -> None:
        self.search_space = dict(search_space)
        self._axes = [axis_of(distribution) for distribution in self.search_space.values()]
        edges = np.cumsum([0, *(axis.width for axis in self._axes)])
        self._slices = [slice(int(a), int(b)) for a, b in pairwise(edges)]
        self.dimension = int(edges[-1])
        self.numeric: npt.NDArray[np.bool_] = np.repeat(
            [axis.numeric for axis in self._axes], [axis.width for axis in self._axes]
        )

    @property
    def parameters(self) -> int:
        """Number of parameters `p`."""
        return len(self._axes)

    def first_column(self, name: str) -> int:
        """Returns the first coordinate of a parameter."""
        return self._slices[list(self.search_space).index(name)].start

    def encode(self, internal: Mapping[str, float]) -> Array:
        """Returns the point `d` of values as Optuna stores them; others than this cube's parameters are ignored."""
        return np.concatenate(
            [axis.place(internal[name]) for name, axis in zip(self.search_space, self._axes, strict=True)]
        )

    def decode(self, point: Array) -> dict[str, Any]:
        """Returns the values for the user at a valid point `d`."""
        named = zip(self.search_space, self._axes, self._slices, strict=True)
        return {name: axis.value(point[place]) for name, axis, place in named}

    def snap(self, points: Array) -> Array:
        """Returns the nearest valid points, `n x d`."""
        parts = [axis.snap(points[:, place]) for axis, place in zip(self._axes, self._slices, strict=True)]
        return np.concatenate(parts, axis=1)

    def spread(self, uniform: Array) -> Array:
        """Returns valid points `n x d` for uniform numbers `n x p`."""
        return np.concatenate([axis.spread(uniform[:, j]) for j, axis in enumerate(self._axes)], axis=1)

    def vary(self, points: Array, generator: np.random.Generator) -> Array:
        """Returns valid points near `points: n x d`: of each, one parameter in four, at least one, is drawn anew.

        Numbers move by a tenth of their range or so; choices are drawn among all.
        """
        fresh = self.spread(generator.random((len(points), self.parameters)))
        moved = np.clip(points + 0.1 * generator.standard_normal(points.shape), 0.0, 1.0)
        drawn = np.where(self.numeric, moved, fresh)
        changes = generator.random((len(points), self.parameters)) < 0.25
        changes[np.arange(len(points)), generator.integers(self.parameters, size=len(points))] = True
        mask = np.repeat(changes, [axis.width for axis in self._axes], axis=1)
        return self.snap(np.where(mask, drawn, points))

    def neighbours(self, point: Array) -> Array:
        """Returns the valid points that differ from `point: d` in one parameter that has steps or choices, `k x d`."""
        found = [np.zeros((0, self.dimension))]
        for axis, place in zip(self._axes, self._slices, strict=True):
            others = axis.neighbours(point[place])
            points = np.tile(point, (len(others), 1))
            points[:, place] = others
            found.append(points)
        return np.concatenate(found)
