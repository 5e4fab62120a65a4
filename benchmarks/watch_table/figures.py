"""How much of the table is noise, in figures."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from scipy.stats import spearmanr

from benchmarks.watch_table.truth import between_seeds, means_of
from protran.tables.measurement_table import Array

QUARTILES = {"q1": 25, "median": 50, "q3": 75}
Figures = Mapping[str, float]


def seed_figures(scores: Array) -> Figures:
    """Returns what the seed does to `scores: n x s`, NaN where there is no training.

    `noise_share` is the variance between seeds over the variance of single trainings of different candidates (mean over
    seeds of the variance within one seed), both of the candidates that have every seed.
    """
    whole = scores[np.isfinite(scores).all(axis=1)]
    found: dict[str, float] = {
        "candidates": len(scores),
        "with_every_seed": len(whole),
        "trainings": int(np.isfinite(scores).sum()),
    }
    found |= {f"mean_of_seed_{seed}": float(column.mean()) for seed, column in enumerate(whole.T) if len(whole)}
    if scores.shape[1] < 2 or len(whole) < 3:
        return found
    noise, spread = between_seeds(whole), float(whole.var(axis=0, ddof=1).mean())
    return found | {
        "between_seeds": float(np.sqrt(noise)),
        "between_candidates": float(np.sqrt(spread)),
        "noise_share": noise / spread,
        "rank_correlation": rank_correlation(whole),
    }


def size_figures(scores: Array, parameters: Array) -> Figures:
    """Returns the standard deviation between seeds of the smaller and of the larger half of the candidates.

    A half without a candidate of two trainings is left out.
    """
    small = parameters <= np.nanmedian(parameters)
    halves = {"smaller_half": scores[small], "larger_half": scores[~small]}
    found = {f"between_seeds_{name}": float(np.sqrt(between_seeds(half))) for name, half in halves.items()}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def rank_correlation(columns: Array) -> float:
    """Returns Spearman's correlation between two columns of `n x k`, mean over all pairs of columns."""
    pairs = itertools.combinations(columns.T, 2)
    return float(np.mean([spearmanr(first, second).statistic for first, second in pairs]))


def repeat_figures(values: Array, stderr: Array) -> Figures:
    """Returns how well measurements `values: n x r` repeat, of the candidates that have every repeat.

    `off` is the distance between the first two relative to their mean, in quartiles; `drift` its median with its sign;
    `stated` the relative standard error that each states, in quartiles; `scores_within_2` the share of differences
    below two of their stated standard errors (.95 if these say all); `spread` the largest mean over the smallest.
    """
    whole = np.isfinite(values).all(axis=1)
    found: dict[str, float] = {"candidates": len(values), "with_every_repeat": int(whole.sum())}
    values, stderr = values[whole], stderr[whole]
    if values.shape[1] < 2 or len(values) < 3:
        return found
    means, difference = means_of(values), values[:, 1] - values[:, 0]
    score = np.abs(difference) / np.hypot(stderr[:, 0], stderr[:, 1])
    return found | {
        **quartiles("off", np.abs(difference) / means),
        "drift": float(np.median(difference / means)),
        **quartiles("stated", (stderr / values).ravel()),
        "scores_within_2": float((score < 2).mean()),
        "rank_correlation": rank_correlation(values),
        "spread": float(means.max() / means.min()),
    }


def quartiles(name: str, values: Array) -> Figures:
    """Returns the quartiles as `NAME_q1`, `NAME_median` and `NAME_q3`; NaN values do not count."""
    return {f"{name}_{quartile}": float(np.nanpercentile(values, at)) for quartile, at in QUARTILES.items()}
