"""The error without its noise, as well as a few trainings and the other candidates tell it.

What is estimated is a candidate's mean error over all seeds. A mean over its own `k` seeds is off by the noise `v / k`,
with `v` the variance between seeds. A prediction from counted physics, by a surrogate that has seen all candidates but
this one's tenth, is off by something that its distance to the means tells: their mean squared distance, less the noise
of the means. The noise of the two is independent, so that their average with weights inverse to these errors is best,
and its error follows. It is the posterior mean where the prediction is the prior; unlike a plain mean over seeds it is
no better than it should be for a candidate whose seeds were lucky, although they are a part of it.

Source: B. Efron, C. Morris, "Stein's Estimation Rule and Its Competitors", JASA 68, 1973, for shrinking noisy means
towards a prediction, with the weight learned from all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from protran.errors import InputError
from protran.tables.measurement_table import Array
from surrogates.base import Surrogate
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.trees import BoostedTrees

FOLDS = 10
PREDICTORS: Mapping[str, Callable[[], Surrogate]] = {"process": HeteroscedasticGP, "trees": BoostedTrees}
MEAN = "mean"


@dataclass(frozen=True)
class Estimate:
    """One way to estimate the errors without noise.

    Attributes:
        name: `mean` over seeds, a predictor's, or `mean + PREDICTOR`.
        values: `n`, NaN for a candidate without any training.
        squared_error: expected squared error of a value, mean over the candidates; an unbiased estimate, 0 at least.
    """

    name: str
    values: Array
    squared_error: float

    @property
    def error(self) -> float:
        """Its square root, in units of the values."""
        return float(np.sqrt(self.squared_error))


def between_seeds(scores: Array) -> float:
    """Returns the variance between trainings of one candidate, pooled over those of `scores: n x s` with two or more.

    NaN stands for a training that there is not. Without any candidate of two trainings it is NaN.
    """
    counts = np.isfinite(scores).sum(axis=1)
    several = scores[counts > 1]
    if not len(several):
        return float("nan")
    squares = np.nansum((several - np.nanmean(several, axis=1, keepdims=True)) ** 2)
    return float(squares / (counts[counts > 1] - 1).sum())


def means_of(values: Array) -> Array:
    """Returns the mean of each row of `n x k` over what there is, NaN where there is nothing."""
    there = np.isfinite(values)
    counts = there.sum(axis=1)
    return np.where(counts > 0, np.where(there, values, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def estimates(
    scores: Array,
    x: Array,
    predictors: Mapping[str, Callable[[], Surrogate]] = PREDICTORS,
    variance: float | None = None,
) -> list[Estimate]:
    """Returns the ways to estimate, the best first.

    Args:
        scores: `n x s`, errors of single trainings, NaN where there is none.
        x: `n x d`, features of the candidates.
        predictors: by name.
        variance: between trainings of one candidate; that of `scores`, if not given.

    Raises:
        InputError: no candidate has two trainings, and no variance is given.
    """
    variance = between_seeds(scores) if variance is None else variance
    if not np.isfinite(variance):
        raise InputError("expected candidates with two trainings or more, got none; train a second seed")
    counts, means = np.isfinite(scores).sum(axis=1), means_of(scores)
    there = counts > 0
    noise = variance / np.maximum(counts, 1)
    found = [Estimate(MEAN, means, float(noise[there].mean()))]
    for name, predictor in predictors.items():
        guess = np.full(len(scores), np.nan)
        guess[there] = out_of_fold(x[there], means[there], noise[there], predictor)
        found += _with_prediction(name, guess, means, noise, there)
    return sorted(found, key=lambda estimate: estimate.squared_error)


def held_out(
    scores: Array, x: Array, predictors: Mapping[str, Callable[[], Surrogate]] = PREDICTORS
) -> dict[str, float]:
    """Returns by name the squared error of estimates from all seeds but one, told by that one; mean over the seeds.

    That is their mean squared distance to its trainings, less the noise of these, so it is no part of the estimates'
    own reckoning; what they are told is the variance between seeds alone.
    """
    variance, squares = between_seeds(scores), dict[str, list[float]]()
    for seed in range(scores.shape[1]):
        for estimate in estimates(np.delete(scores, seed, axis=1), x, predictors, variance):
            distance = np.nanmean((estimate.values - scores[:, seed]) ** 2)
            squares.setdefault(estimate.name, []).append(float(distance) - variance)
    return {name: float(np.mean(found)) for name, found in squares.items()}


def out_of_fold(x: Array, means: Array, noise: Array, predictor: Callable[[], Surrogate]) -> Array:
    """Returns predictions `n`, each by a surrogate fitted to the candidates of the other folds alone."""
    fold = np.random.default_rng(0).permutation(len(x)) % FOLDS
    features, values = torch.as_tensor(x), torch.as_tensor(means).unsqueeze(-1)
    variance = torch.as_tensor(noise).unsqueeze(-1)
    guess = np.full(len(x), np.nan)
    for number in range(min(FOLDS, len(x))):
        fitted, asked = fold != number, fold == number
        surrogate = predictor()
        surrogate.fit(features[fitted], values[fitted], variance[fitted])
        with torch.no_grad():
            guess[asked] = surrogate.predict(features[asked]).mean[:, 0].numpy()
    return guess


def _with_prediction(
    name: str, guess: Array, means: Array, noise: Array, there: npt.NDArray[np.bool_]
) -> list[Estimate]:
    """Returns a prediction alone, and the mean over seeds drawn towards it."""
    off = max(float(((guess - means)[there] ** 2 - noise[there]).mean()), 0.0)
    whole = off + noise
    weight = np.divide(off, whole, out=np.ones_like(whole), where=whole > 0)
    drawn = weight * means + (1.0 - weight) * guess
    return [
        Estimate(name, guess, off),
        Estimate(f"{MEAN} + {name}", drawn, float((weight * noise)[there].mean())),
    ]
