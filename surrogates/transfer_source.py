"""A device that was measured before: its own surrogate, and how far its measurements agree with themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.stats import spearmanr
from torch import Tensor

from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.output_belief import Moments
from surrogates.prediction import Prediction
from surrogates.training_data import FEWEST_VALUES, checked

MOST_ROWS = 300
"""Evenly spread rows of a longer table that its surrogate learns from. On three published HW-GPT-Bench tables the rank
correlation with unseen rows is .001 below that of ten times as many."""
MOST_JUDGED = 1000
"""Evenly spread other rows on which the surrogate is judged."""
FEWEST_JUDGED = 8
"""Below, nobody can tell whether the measurements agree with each other."""
FAR_OFF = math.log(2.0)
MOST_FAR_OFF = 0.1
"""Clean published tables have at most .4 % of their values a factor of 2 off (HW-GPT-Bench), the contaminated cpu_meta
17 % or more."""
LEAST_RANK = 0.5


@dataclass(frozen=True)
class Consistency:
    """How well a source's own surrogate predicts measurements of the source that it has not seen, of one output.

    Attributes:
        rank: Spearman's correlation; NaN where too few were judged, or nothing varies.
        far_off: share of the measurements off by a factor of 2 or more.
        judged: how many were compared.
    """

    rank: float
    far_off: float
    judged: int

    @classmethod
    def of(cls, guess: Tensor, y: Tensor) -> Consistency:
        """Returns how well `guess: n` (natural logarithms) predicts `y: n`, over those that are finite."""
        seen = guess.isfinite() & y.isfinite()
        guess, logs = guess[seen], y[seen].log()
        if len(logs) < FEWEST_JUDGED:
            return cls(math.nan, 0.0, len(logs))
        far_off = float(((guess - logs).abs() >= FAR_OFF).double().mean())
        return cls(rank_correlation(guess, logs), far_off, len(logs))

    @property
    def fault(self) -> str | None:
        """What is wrong with the measurements, None where they agree with each other."""
        if self.far_off > MOST_FAR_OFF:
            return (
                f"contaminated: {self.far_off:.0%} of its measurements are off by a factor of 2 or more from its own "
                f"surrogate (at most {MOST_FAR_OFF:.0%} are accepted)"
            )
        if self.rank < LEAST_RANK:
            return (
                f"contaminated: its own surrogate ranks its unseen measurements with a correlation of {self.rank:.2f} "
                f"(at least {LEAST_RANK:.2f} is accepted)"
            )
        return None


@dataclass(frozen=True)
class SourceDevice:
    """A measured device as a source for others.

    Attributes:
        name: what reports call it.
        outputs: which of the `m` outputs it has, ascending.
        surrogate: what it says of these; None where it has none.
        consistency: of each of `outputs`.
        x: `n x d`, features of the rows that the surrogate learned from: how features spread in the space.
    """

    name: str
    outputs: tuple[int, ...]
    surrogate: HeteroscedasticGP | None
    consistency: tuple[Consistency, ...]
    x: Tensor

    @classmethod
    def fit(cls, name: str, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> SourceDevice:
        """Returns the source measured as `x: n x d`, `y: n x m` (NaN = missing, a whole column too), `y_var: n x m`.

        Raises:
            SurrogateError: shapes disagree, or values are not positive.
        """
        learned = torch.arange(0, len(x), max(1, math.ceil(len(x) / MOST_ROWS)))
        enough = y[learned].isfinite().sum(0) >= FEWEST_VALUES
        outputs = tuple(enough.nonzero().squeeze(-1).tolist())
        if not outputs:
            return cls(name, (), None, (), x[learned].double())
        x, y, y_var = checked(x, y[:, outputs], None if y_var is None else y_var[:, outputs])
        surrogate = HeteroscedasticGP()
        surrogate.fit(x[learned], y[learned], y_var[learned])
        guess, truth = _unseen(surrogate, x, y, learned)
        consistency = tuple(Consistency.of(guess[:, i], truth[:, i]) for i in range(len(outputs)))
        return cls(name, outputs, surrogate, consistency, x[learned])

    def consistency_of(self, output: int) -> Consistency | None:
        """Returns the consistency of one of the `m` outputs; None where the source does not have it."""
        return self.consistency[self.outputs.index(output)] if output in self.outputs else None

    def answers(self, x: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        """Returns, by output, median and epistemic variance of the natural logarithm at `x: n x d`, `n` each."""
        if self.surrogate is None:
            return {}
        median, _, variance = log_belief(self.surrogate.predict(x))
        return {output: (median[:, i], variance[:, i]) for i, output in enumerate(self.outputs)}


def check_features(sources: Sequence[SourceDevice], x: Tensor) -> None:
    """Raises `SurrogateError` unless each source has as many features as `x: n x d`."""
    for source in sources:
        if source.x.shape[1] != x.shape[1]:
            raise SurrogateError(
                f"expected sources with {x.shape[1]} features as the device's rows, got {source.x.shape[1]} of "
                f"{source.name}; use the same feature map"
            )


def log_belief(prediction: Prediction) -> Moments:
    """Returns mean, aleatoric and epistemic variance of the logarithm, `n x m` each, of log-normal beliefs.

    Source: moments of the log-normal distribution, N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous Univariate
    Distributions" 1, 1994, chapter 14.
    """
    squared = prediction.mean.square()
    whole, epistemic = torch.log1p(prediction.total_var / squared), torch.log1p(prediction.epistemic_var / squared)
    return prediction.mean.log() - 0.5 * whole, whole - epistemic, epistemic


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Returns Spearman's rank correlation of two vectors; NaN where one is constant."""
    if bool((first == first[0]).all()) or bool((second == second[0]).all()):
        return math.nan
    return float(spearmanr(first.numpy(), second.numpy()).statistic)


@torch.no_grad()
def _unseen(surrogate: HeteroscedasticGP, x: Tensor, y: Tensor, learned: Tensor) -> tuple[Tensor, Tensor]:
    """Returns predicted logarithms and values of rows not learned from; where there are none, leave-one-out ones."""
    if len(learned) == len(x):
        return log_belief(surrogate.leave_one_out())[0], y
    others = torch.arange(len(x))[~torch.isin(torch.arange(len(x)), learned)]
    others = others[:: math.ceil(len(others) / MOST_JUDGED)]
    return log_belief(surrogate.predict(x[others]))[0], y[others]
