"""Boosted decision trees, as the original ProTran had them, for a baseline: bagged, to have variances too."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Capabilities
from surrogates.forest import DEPTH, NODE_PARTS, RATE, Forest
from surrogates.gaussian_process import WHOLE_NOISE
from surrogates.noise_model import NoiseModel, packed_noise, unpacked_noise
from surrogates.outliers import usable_rows
from surrogates.output_belief import Moments
from surrogates.per_output import SeededSurrogate, prediction
from surrogates.prediction import Prediction
from surrogates.transforms import OutputTransform

KIND = "trees"
BAGS = 16
TREES = 30
MOST_ROWS = 2000
"""A bag draws at most this many rows: 20,000 must be fitted in seconds."""
SMALLEST_NOISE = 1e-6
"""Floor of the learned noise variance in standardised units."""


@dataclass(frozen=True)
class TreeBelief:
    """One output's forest with its noise and its way back to the output's units.

    Attributes:
        transform: from the output's units to the forest's standardised space.
        forest: the fitted bags.
        extra_noise: variance, standardised, that the known ones leave out.
        noise_model: interpolates the known variances; None where none was known.
        unseen: `3 x n`, moments of each training row from the bags that have not seen it, in the output's units; NaN
            where every bag has, and where the row was not used.
    """

    transform: OutputTransform
    forest: Forest
    extra_noise: float
    noise_model: NoiseModel | None
    unseen: Tensor

    @classmethod
    def fit(cls, x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> TreeBelief:
        """Fits to standardised `x: n x k`, values `y: n` (NaN = missing) and variances `y_var: n` (NaN = unknown).

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        rows, count = usable_rows(x, y, log), len(x)
        x, y, y_var = x[rows], y[rows], y_var[rows]
        transform = OutputTransform.fit(y, log)
        variance = transform.transform_variance(y, y_var) / transform.scale**2
        noise_model, noise = NoiseModel.of_known(x, variance)
        target = transform.standardise(transform.transform(y))
        forest, held_out = _boost(x, target, noise, seed)
        bags = forest(x)
        unseen = torch.full((3, count), torch.nan, dtype=y.dtype)
        belief = cls(transform, forest, _rest_of_noise(bags, held_out, target, noise), noise_model, unseen)
        mean = (bags * held_out).sum(0) / held_out.sum(0)  # 0 / 0 where every bag has seen the row
        unseen[:, rows] = torch.stack(belief._moments(x, mean, bags.var(0)))
        return belief

    @torch.no_grad()
    def moments(self, x: Tensor) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `n` each, at standardised `x: n x k`, in the output's units.

        The bags' spread is that of one bag, a cautious figure for their mean.
        """
        bags = self.forest(x)
        return self._moments(x, bags.mean(0), bags.var(0))

    def _moments(self, x: Tensor, mean: Tensor, ignorance: Tensor) -> Moments:
        """Returns the moments in the output's units of standardised `mean: n` and epistemic variance `ignorance: n`."""
        scale, noise = self.transform.scale**2, torch.full_like(mean, self.extra_noise)
        if self.noise_model is not None:
            noise = noise + self.noise_model(x)
        return self.transform.moments(self.transform.unstandardise(mean), noise * scale, ignorance * scale)

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the tensors and the settings from which `from_state` builds an equal belief."""
        tensors = {name: getattr(self.forest, name) for name in ("roots", *NODE_PARTS)} | {"unseen": self.unseen}
        settings: dict[str, Any] = {"transform": asdict(self.transform), "extra_noise": self.extra_noise}
        noise_tensors, noise_settings = packed_noise(self.noise_model)
        return tensors | noise_tensors, settings | noise_settings

    @classmethod
    def from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> TreeBelief:
        """Returns the belief that `to_state` described."""
        forest = Forest(**{name: tensors[name] for name in ("roots", *NODE_PARTS)})
        noise = unpacked_noise(tensors, settings)
        transform = OutputTransform(**settings["transform"])
        return cls(transform, forest, settings["extra_noise"], noise, tensors["unseen"])


def _boost(x: Tensor, target: Tensor, noise: Tensor, seed: int) -> tuple[Forest, Tensor]:
    """Returns bags of boosted trees and which rows each has not seen, `b x n`.

    Rows with less known noise count more.

    Source: J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29, 2001;
    L. Breiman, "Bagging Predictors", Machine Learning 24, 1996.
    """
    from sklearn.ensemble import GradientBoostingRegressor  # noqa: PLC0415  loads slowly, and only fits need it

    draws, count = np.random.default_rng(seed), len(x)
    weight = (1.0 / (noise + np.exp(WHOLE_NOISE.log_mean))).numpy()
    bags, held_out = [], torch.ones(BAGS, count, dtype=torch.bool)
    for bag in range(BAGS):
        drawn = draws.integers(count, size=min(count, MOST_ROWS))
        held_out[bag, drawn] = False
        model = GradientBoostingRegressor(
            init="zero", learning_rate=RATE, n_estimators=TREES, max_depth=DEPTH, random_state=seed + bag
        )
        model.fit(x.numpy()[drawn], target.numpy()[drawn], sample_weight=weight[drawn])
        bags.append([stage[0].tree_ for stage in model.estimators_])
    return Forest.of(bags), held_out


def _rest_of_noise(bags: Tensor, held_out: Tensor, target: Tensor, noise: Tensor) -> float:
    """Returns the variance that neither the known noise nor the bags' spread explains in the held-out residuals.

    Whatever the trees cannot follow goes here too, however many rows there are.

    Source: L. Breiman, "Out-of-Bag Estimation", University of California at Berkeley, 1996.

    Args:
        bags: `b x n`, each bag's answer at the training rows.
        held_out: `b x n`, whether the bag has not seen the row.
        target: `n`, standardised values.
        noise: `n`, known variances.
    """
    judged = held_out.sum(0) >= 2
    if not bool(judged.any()):
        return 1.0  # the output's own variance: nothing is known of the noise
    bags, seen, target = bags[:, judged], held_out[:, judged].double(), target[judged]
    mean = (bags * seen).sum(0) / seen.sum(0)
    spread = ((bags - mean).square() * seen).sum(0) / (seen.sum(0) - 1)
    rest = float(((target - mean).square() - noise[judged] - spread).mean())
    return max(rest, SMALLEST_NOISE)


class BoostedTrees(SeededSurrogate[TreeBelief]):
    """Bags of gradient-boosted trees per output, on the log scale: for prediction and comparison, not for gradients.

    The mean is that of the bags, the epistemic variance their spread, the aleatoric one what is left in the residuals
    of held-out rows, which holds what the trees cannot follow as well. Missing values (NaN) and gross outliers are left
    out per output. Fits are deterministic by seed.

    Args:
        log_outputs: per output, whether it lives on the log scale (positive values only); None means all of them.
        seed: of the bags.
    """

    capabilities = Capabilities(differentiable=False, joint=False, noise=True)

    kind = KIND

    def leave_one_out(self) -> Prediction:
        """Returns the belief about each training row, `n x m`, from the bags that have not seen it.

        NaN where every bag has seen the row, where its value is missing and where it is a gross outlier.
        """
        beliefs = self._fitted[1]
        moments = [(belief.unseen[0], belief.unseen[1], belief.unseen[2]) for belief in beliefs]
        return prediction(beliefs, moments)

    @staticmethod
    def _believe(x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> TreeBelief:
        return TreeBelief.fit(x, y, y_var, log, seed)

    @staticmethod
    def _read(tensors: storage.Tensors, settings: storage.Settings) -> TreeBelief:
        return TreeBelief.from_state(tensors, settings)
