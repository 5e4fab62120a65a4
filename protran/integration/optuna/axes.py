"""One parameter as coordinates of the unit cube: a number takes one, a choice among n takes n of which one is 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

Array = npt.NDArray[np.float64]

FAR = 10
"""Beside the next ones, neighbours on a grid lie at one part in so many of the whole range."""


class Axis(ABC):
    """The coordinates of one parameter.

    Attributes:
        width: how many coordinates it takes.
        numeric: whether values between two places lie between their values, so that a gradient means something.
    """

    width: int = 1
    numeric: bool = True

    @abstractmethod
    def place(self, value: float) -> Array:
        """Returns the coordinates `w` of a value as Optuna stores it (the number of a choice)."""

    @abstractmethod
    def value(self, place: Array) -> Any:
        """Returns the value for the user at valid coordinates `w`."""

    @abstractmethod
    def snap(self, places: Array) -> Array:
        """Returns the nearest coordinates that are valid, `n x w`, of any in the cube."""

    @abstractmethod
    def spread(self, uniform: Array) -> Array:
        """Returns valid coordinates `n x w` for uniform numbers `n`, each value as likely as Optuna draws it."""

    @abstractmethod
    def neighbours(self, place: Array) -> Array:
        """Returns other valid coordinates near `place`, `k x w`; none where values are continuous."""


class Number(Axis):
    """A float or a whole number, with or without steps, on a linear or logarithmic axis."""

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self._whole = isinstance(distribution, IntDistribution)
        self._log = distribution.log
        self._low, self._high = float(distribution.low), float(distribution.high)
        self._step = None if distribution.step is None else float(distribution.step)
        self._bounds = (distribution.low, distribution.high)

    def place(self, value: float) -> Array:
        """Returns the coordinate of a value."""
        return self._places(np.array([value], dtype=np.float64))[:, 0]

    def value(self, place: Array) -> Any:
        """Returns the float or the whole number."""
        value = float(self._values(place)[0])
        low, high = self._bounds
        return min(max(round(value) if self._whole else value, low), high)

    def snap(self, places: Array) -> Array:
        """Returns the nearest step; without steps, the places themselves, kept in the cube."""
        if self._step is None:
            return np.clip(places, 0.0, 1.0)
        return self._places(self._values(places[:, 0]))

    def spread(self, uniform: Array) -> Array:
        """Returns `n x 1`: without steps the numbers themselves, else steps that are equally likely (or their logs)."""
        if self._step is None:
            return uniform[:, None]
        half = 0.5 * self._step
        if self._log:
            first, last = np.log(self._low - half), np.log(self._high + half)
            drawn = np.exp(first + uniform * (last - first))
        else:
            drawn = (self._low - half) * (1.0 - uniform) + (self._high + half) * uniform
        return self._places(self._on_grid(drawn))

    def neighbours(self, place: Array) -> Array:
        """Returns the next steps to both sides, and two that are farther away."""
        if self._step is None:
            return np.zeros((0, 1))
        here = self._values(place)[0]
        far = max(self._step, (self._high - self._low) / FAR)
        around = self._on_grid(here + np.array([-far, -self._step, self._step, far]))
        return self._places(np.unique(around[around != here]))

    def _places(self, values: Array) -> Array:
        low, high = (np.log(self._low), np.log(self._high)) if self._log else (self._low, self._high)
        scaled = np.log(values) if self._log else values
        places = (0.5 * scaled - 0.5 * low) / (0.5 * high - 0.5 * low)  # halves: the range may overflow
        return np.asarray(np.clip(places, 0.0, 1.0)[:, None], dtype=np.float64)

    def _values(self, places: Array) -> Array:
        places = np.clip(places, 0.0, 1.0)
        if self._log:
            values = np.exp(np.log(self._low) * (1.0 - places) + np.log(self._high) * places)
        else:
            values = self._low * (1.0 - places) + self._high * places
        return values if self._step is None else self._on_grid(values)

    def _on_grid(self, values: Array) -> Array:
        step = self._step or 1.0
        return np.asarray(np.clip(self._low + np.round((values - self._low) / step) * step, self._low, self._high))


class Choice(Axis):
    """A choice without an order: one coordinate each, of which one is 1."""

    numeric = False

    def __init__(self, distribution: CategoricalDistribution) -> None:
        self._distribution = distribution
        self.width = len(distribution.choices)

    def place(self, value: float) -> Array:
        """Returns 1 at the number of the choice, else 0."""
        return np.asarray(np.eye(self.width)[int(value)])

    def value(self, place: Array) -> Any:
        """Returns the choice."""
        return self._distribution.to_external_repr(int(place.argmax()))

    def snap(self, places: Array) -> Array:
        """Returns the choice of the largest coordinate."""
        return np.asarray(np.eye(self.width)[places.argmax(axis=1)])

    def spread(self, uniform: Array) -> Array:
        """Returns choices that are equally likely."""
        return np.asarray(np.eye(self.width)[np.minimum((uniform * self.width).astype(int), self.width - 1)])

    def neighbours(self, place: Array) -> Array:
        """Returns all other choices."""
        return np.delete(np.eye(self.width), int(place.argmax()), axis=0)


def axis_of(distribution: BaseDistribution) -> Axis:
    """Returns the coordinates of a parameter.

    Raises:
        ValueError: the distribution is of a kind that is not known.
    """
    if isinstance(distribution, CategoricalDistribution):
        return Choice(distribution)
    if isinstance(distribution, FloatDistribution | IntDistribution):
        return Number(distribution)
    raise ValueError(
        f"expected a float, int or categorical distribution, got {type(distribution).__name__}; use another sampler"
    )
