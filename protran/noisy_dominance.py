"""Dominance under noise: who is dominated with a stated probability, and with which probability one dominates another.

Values are taken for normal and their errors for independent. The probability that `q` dominates `p` is then the product
over the objectives of the probability that `q` is better there, ``Phi((p - q) / hypot(error of p, error of q))``. Where
neither has an error, it is 1 if `q` is at least as good and 0 otherwise; where none of the objectives has an error, `q`
must be better in one, which is the plain rule.

Source: J. Teich, "Pareto-Front Exploration with Uncertain Objectives", and E. J. Hughes, "Evolutionary Multi-objective
Ranking with Uncertainty and Noise", both in EMO 2001 (LNCS 1993): the probability of dominance as a product over
independent objectives.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from protran.dominance import Mask, Points, covered, non_dominated
from protran.errors import InputError
from protran.quantities import Direction

USUAL_CONFIDENCE = 0.95
_CHUNK_PAIRS = 4_000_000  # compared at once: some 40 MB
_ROUNDING = 1e-9
_FINITE = float(np.finfo(np.float64).max)


class DominanceRule(str, Enum):
    """What it takes to put a candidate off the front."""

    MEAN = "mean"
    """Another is at least as good in every objective and better in one, by the values alone."""
    CONFIDENT = "confident"
    """Another dominates it with a stated probability, by the error bars of both."""


def dominance_probability(
    one: npt.ArrayLike,
    one_stderr: npt.ArrayLike,
    other: npt.ArrayLike,
    other_stderr: npt.ArrayLike,
    directions: Sequence[Direction] | None = None,
) -> Points:
    """Returns for each row the probability that `one` dominates `other`, `n`; 0 where a value is not known (NaN).

    Args:
        one: `n x m`, or `m`, values.
        one_stderr: their standard errors; NaN counts as none.
        other: as `one`, of those that may be dominated.
        other_stderr: their standard errors.
        directions: `m`, which way is better; by default, smaller is.
    """
    better, worse, errors, other_errors = np.broadcast_arrays(
        *(np.atleast_2d(np.asarray(item, dtype=np.float64)) for item in (one, other, one_stderr, other_stderr))
    )
    signs, spread = _signs(directions, better.shape[1]), np.hypot(np.nan_to_num(errors), np.nan_to_num(other_errors))
    return np.asarray(np.exp(_log_probability(better * signs, worse * signs, spread)))


def confidently_non_dominated(
    points: npt.ArrayLike,
    stderrs: npt.ArrayLike,
    confidence: float = USUAL_CONFIDENCE,
    directions: Sequence[Direction] | None = None,
) -> Mask:
    """Returns which points no other point dominates: by the values, and with a probability of `confidence` or more.

    Each is compared with all others, on the front or not: dominance with a probability is not transitive, so the
    answer may not depend on who was looked at first. Whoever is on the front by the values alone is on this one too. A
    point with a value that is not known (NaN) is not, and dominates nothing.

    Args:
        points: `n x m`, one row for each candidate.
        stderrs: `n x m`, without what all candidates share; NaN counts as none.
        confidence: from 0.5 to below 1.
        directions: `m`, which way is better; by default, smaller is.

    Returns:
        `n`, True on the front.

    Raises:
        InputError: shapes disagree, or the confidence is no probability of this range.
    """
    values = np.asarray(points, dtype=np.float64)
    plain = non_dominated(values, directions)
    errors = np.nan_to_num(np.asarray(stderrs, dtype=np.float64), nan=0.0)
    if errors.shape != values.shape:
        raise InputError(f"expected standard errors of shape {values.shape}, got {errors.shape}")
    if not 0.5 <= confidence < 1:
        raise InputError(f"confidence must be a probability from 0.5 to below 1, for example 0.95; got {confidence:g}")
    known = np.flatnonzero(~np.isnan(values).any(axis=1))
    values = values * _signs(directions, values.shape[1])
    mask, members, others = plain.copy(), np.flatnonzero(plain), np.setdiff1d(known, np.flatnonzero(plain))
    # Most are dominated by a member of the plain front, which is short, and by far; only what is left is compared
    # with all. By far: better in each of `m` objectives with the `m`-th root of the confidence, however errors add up.
    margin = NormalDist().inv_cdf(confidence ** (1 / values.shape[1])) * (1 + _ROUNDING)
    # Of two infinite values neither is better: the bounds stop short of infinity, so that no tie passes for a lead.
    highest = np.maximum((values + margin * errors)[members], -_FINITE)
    lowest = np.minimum((values - margin * errors)[others], _FINITE)
    left = others[~covered(highest, lowest)]
    for rivals in (members, others):
        left = left[~_dominated(values, errors, rivals, left, confidence)]
    mask[left] = True
    return mask


def _dominated(
    values: Points, errors: Points, rivals: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], confidence: float
) -> Mask:
    """Returns for each of `rows` whether one of `rivals` dominates it with a probability of `confidence` or more."""
    found = np.zeros(len(rows), dtype=np.bool_)
    step = max(1, _CHUNK_PAIRS // max(1, len(rivals)))
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        first, second = np.nonzero(_possible(values, errors, rivals, chunk, confidence))
        one, other = rivals[first], chunk[second]
        logs = _log_probability(values[one], values[other], np.hypot(errors[one], errors[other]))
        ahead = (values[one] < values[other]).any(axis=-1)  # equal points dominate each other by no values
        found[start + second[(logs >= np.log(confidence) - _ROUNDING) & ahead]] = True
    return found


def _possible(
    values: Points, errors: Points, rivals: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], confidence: float
) -> Mask:
    """Returns `rivals x rows`: pairs that are better in each objective alone as surely as in all together."""
    margin = NormalDist().inv_cdf(confidence) * (1 - _ROUNDING)
    possible: Mask = np.ones((len(rivals), len(rows)), dtype=np.bool_)
    for column in range(values.shape[1]):  # the error of the difference is at least that of either side
        ours, theirs = values[rivals, column], values[rows, column]
        possible &= (ours + margin * errors[rivals, column])[:, None] <= theirs[None, :]
        possible &= ours[:, None] <= (theirs - margin * errors[rows, column])[None, :]
    return possible


def _log_probability(one: Points, other: Points, spread: Points) -> Points:
    """Returns the log of the product, over the last axis, of the probabilities that `one` is the smaller."""
    same, exact = one == other, spread == 0  # of infinite values the difference is not known
    with np.errstate(invalid="ignore"):
        lead = np.where(same, 0.0, other - one)
        noisy = log_ndtr(lead / np.where(exact, 1.0, spread))
    parts = np.where(exact, np.where(lead >= 0, 0.0, -np.inf), noisy)
    nowhere_better = (exact & same).all(axis=-1) | np.isnan(lead).any(axis=-1)
    return np.asarray(np.where(nowhere_better, -np.inf, parts.sum(axis=-1)))


def _signs(directions: Sequence[Direction] | None, columns: int) -> Points:
    if directions is None:
        return np.ones(columns)
    return np.array([-1.0 if item is Direction.MAXIMISE else 1.0 for item in directions])
