"""The search for the point that is worth most: many draws, gradients of numbers, neighbours of steps and choices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from protran.integration.optuna.axes import Array
from protran.integration.optuna.cube import ParameterCube
from protran.integration.optuna.inputs import Inputs
from protran.optimize.acquisition import CHUNK
from protran.optimize.ascent import ascend

RATE = 0.08


@dataclass(frozen=True)
class SearchEffort:
    """How hard one proposal is searched for.

    Attributes:
        draws: points all over the space, and as many near the best trials.
        starts: the best of them, which ascend.
        steps: gradient steps.
        climbers: the best points, whose neighbours are looked at in each round.
        rounds: of neighbours.
        limit: neighbours of one climber.
    """

    draws: int = 256
    starts: int = 10
    steps: int = 24
    climbers: int = 4
    rounds: int = 6
    limit: int = 48


class Search:
    """One search over valid points.

    Args:
        cube: the space.
        inputs: turns points into the rows that `worth` sees.
        worth: scores rows `n x f`, larger is better; differentiable.
        generator: of all random numbers.
        effort: how hard to search.
    """

    def __init__(
        self,
        cube: ParameterCube,
        inputs: Inputs,
        worth: Callable[[Tensor], Tensor],
        generator: np.random.Generator,
        effort: SearchEffort,
    ) -> None:
        self._cube, self._inputs, self._worth = cube, inputs, worth
        self._generator, self._effort = generator, effort
        self._points = np.zeros((0, cube.dimension))
        self._keys: list[str] = []
        self._scores = np.zeros(0)

    def best(self, members: Array, taken: set[str]) -> Array:
        """Returns the best point `d` found.

        Args:
            members: `k x d`, the best trials, near which to look too.
            taken: keys of points that were tried or are being tried: they are proposed only where nothing else is left.
        """
        draws = self._effort.draws
        self._add(self._cube.spread(self._generator.random((draws, self._cube.parameters))))
        if len(members):
            self._add(self._cube.vary(members[self._generator.integers(len(members), size=draws)], self._generator))
        self._climb()
        self._polish()
        fresh = np.array([key not in taken for key in self._keys])
        scores = np.where(fresh, self._scores, -np.inf) if fresh.any() else self._scores
        best: Array = self._points[int(scores.argmax())]
        return best

    def _climb(self) -> None:
        """Adds where ascents from the best points end; choices stay as they are on the way."""
        numeric = torch.as_tensor(self._cube.numeric)
        if not bool(numeric.any()):
            return
        starts = torch.as_tensor(self._points[self._order()[: self._effort.starts]])

        def value(z: Tensor) -> Tensor:
            return self._worth(self._inputs.of_relaxed(torch.where(numeric, z, starts)))

        ends = ascend(value, starts, steps=self._effort.steps, rate=RATE)
        self._add(self._cube.snap(torch.where(numeric, ends, starts).numpy()))

    def _polish(self) -> None:
        """Adds neighbours of the best points until no neighbour is better."""
        seen: set[str] = set()
        for _ in range(self._effort.rounds):
            climbers = [i for i in self._order()[: self._effort.climbers] if self._keys[i] not in seen]
            if not climbers:
                return
            seen.update(self._keys[i] for i in climbers)
            for i in climbers:
                near = self._cube.neighbours(self._points[i])
                self._add(near[self._generator.permutation(len(near))[: self._effort.limit]])

    def _order(self) -> list[int]:
        order: list[int] = np.argsort(-self._scores, kind="stable").tolist()
        return order

    def _add(self, points: Array) -> None:
        """Scores those of the points that are new."""
        known = set(self._keys)
        keys = self._inputs.keys(points)
        new = [i for i, key in enumerate(keys) if key not in known and key not in keys[:i]]
        if not new:
            return
        rows = self._inputs.of_points(points[new])
        with torch.no_grad():
            scores = torch.cat([self._worth(rows[first : first + CHUNK]) for first in range(0, len(rows), CHUNK)])
        self._points = np.concatenate([self._points, points[new]])
        self._keys += [keys[i] for i in new]
        self._scores = np.concatenate([self._scores, scores.nan_to_num(nan=-torch.inf).numpy()])


def on_cpu() -> AbstractContextManager[object]:
    """Returns a context in which tensors lie on the processor, whatever the user's default is."""
    # Entered only where it is needed: it makes each of torch's operations dearer.
    return nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu")
