"""The surrogate that ProTran was published with, for comparison: AdaBoost of 500 decision trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Capabilities
from surrogates.output_belief import Moments
from surrogates.per_output import SeededSurrogate
from surrogates.transforms import OutputTransform

KIND = "published"
TREES = 500
SMALLEST_DEVIATION = 1e-3
"""Floor of the trees' spread relative to the mean size of the output: intervals of no width cover nothing."""


@dataclass(frozen=True)
class AdaBoostBelief:
    """One output's boosted trees, with the rows that they were grown from.

    Attributes:
        x: `n x k`, standardised features.
        y: `n`, values in the output's units.
        seed: of the trees.
        model: scikit-learn's `AdaBoostRegressor`.
    """

    x: Tensor
    y: Tensor
    seed: int
    model: Any

    @property
    def transform(self) -> OutputTransform:
        """None: the original predicts values, not logarithms."""
        return OutputTransform(log=False, shift=0.0, scale=1.0)

    @classmethod
    def fit(cls, x: Tensor, y: Tensor, seed: int) -> AdaBoostBelief:
        """Fits to standardised `x: n x k` and values `y: n` (NaN = missing).

        Source: S. Tuli, N. K. Jha, ProTran, whose code boosts scikit-learn's decision trees so; H. Drucker, "Improving
        Regressors Using Boosting Techniques", ICML 1997.
        """
        from sklearn.ensemble import AdaBoostRegressor  # noqa: PLC0415  loads slowly, and only fits need it
        from sklearn.tree import DecisionTreeRegressor  # noqa: PLC0415

        there = y.isfinite()
        x, y = x[there], y[there]
        model = AdaBoostRegressor(DecisionTreeRegressor(), n_estimators=TREES, random_state=seed)
        return cls(x, y, seed, model.fit(x.numpy(), y.numpy()))

    @torch.no_grad()
    def moments(self, x: Tensor) -> Moments:
        """Returns the trees' answer at standardised `x: n x k`, no noise, and their spread as ignorance, `n` each."""
        rows = x.detach().numpy()
        mean = torch.from_numpy(self.model.predict(rows))
        spread = np.var([tree.predict(rows) for tree in self.model.estimators_], axis=0)
        least = (SMALLEST_DEVIATION * self.y.abs().mean()).square()
        return mean, torch.zeros_like(mean), torch.from_numpy(spread) + least

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the rows and the seed, from which `from_state` grows equal trees."""
        return {"x": self.x, "y": self.y}, {"seed": self.seed}

    @classmethod
    def from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> AdaBoostBelief:
        """Returns the belief that `to_state` described."""
        return cls.fit(tensors["x"], tensors["y"], settings["seed"])


class PublishedTrees(SeededSurrogate[AdaBoostBelief]):
    """AdaBoost of 500 full decision trees per output, on values as they are: a baseline, not for search.

    It is meant for the 37 numbers of `search_spaces.published_embedding`, one row of them per candidate. It knows no
    noise; its epistemic variance is the spread of its trees. Variances of the rows are not used.

    Args:
        log_outputs: accepted as by other surrogates, without effect.
        seed: of the trees.
    """

    capabilities = Capabilities(differentiable=False, joint=False, noise=False)

    kind = KIND

    @staticmethod
    def _believe(x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> AdaBoostBelief:
        return AdaBoostBelief.fit(x, y, seed)

    @staticmethod
    def _read(tensors: storage.Tensors, settings: storage.Settings) -> AdaBoostBelief:
        return AdaBoostBelief.from_state(tensors, settings)
