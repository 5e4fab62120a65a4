"""How one output of a new device is answered: from which sources, or from none where they do harm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.output_belief import Moments
from surrogates.transfer_belief import MOST_ROWS, TRANSFORM, TransferBelief
from surrogates.transfer_screen import Dropped, screen
from surrogates.transfer_source import SourceDevice

FEWEST_COMPARED = 3
STANDARD_ERRORS = 2.0
SMALLEST = 1e-12
"""Floor of an epistemic variance, natural logarithms, so that a weight exists."""
Answers = Mapping[int, Mapping[int, tuple[Tensor, Tensor]]]
"""By place of the source and output: median and epistemic variance of the logarithm, `n` each."""


@dataclass(frozen=True)
class OutputTransfer:
    """How one output is answered from other devices and from the device's rows alone, together.

    Attributes:
        sources: places of the sources in use.
        belief: what the device's rows make of the sources' answers.
    """

    sources: tuple[int, ...]
    belief: TransferBelief

    def moments(self, x: Tensor, answers: Answers, output: int, alone: Moments) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `n` each, at standardised `x: n x k`, in output units.

        Args:
            x: `n x k`, standardised features.
            answers: the sources' there.
            output: which output.
            alone: what the device's own rows say without sources, moments of the logarithm.
        """
        return TRANSFORM.moments(*pooled(self.belief.log_moments(x, *_stacked(answers, self.sources, output)), alone))


@dataclass(frozen=True)
class Rows:
    """The device's own rows that have one output.

    Attributes:
        places: `n`, among all rows.
        x: `n x k`, standardised features.
        y: `n`, natural logarithms of the values.
        noise: `n`, their variances, 0 where unknown.
        alone: `n`, the logarithm expected at each row from the device's other rows.
    """

    places: Tensor
    x: Tensor
    y: Tensor
    noise: Tensor
    alone: Tensor

    @classmethod
    def there(cls, x: Tensor, y: Tensor, y_var: Tensor, alone: Tensor) -> Rows:
        """Returns the rows whose value `y: ...` (NaN = missing) is there, with its variance `y_var` (NaN = unknown).

        Raises:
            SurrogateError: a value is not positive.
        """
        places = y.isfinite().nonzero().squeeze(-1)
        y, y_var = y[places], y_var[places]
        noise = TRANSFORM.transform_variance(y, y_var).nan_to_num(0.0)
        return cls(places, x[places], TRANSFORM.transform(y), noise, alone[places])


def pooled(first: Moments, second: Moments) -> Moments:
    """Returns the moments of a mixture of two beliefs, each weighed by the inverse of its epistemic variance.

    Beliefs from the same rows are no independent witnesses, so their precisions are averaged and not added; where they
    disagree, the mixture knows less.

    Source: Y. Cao, D. J. Fleet, "Generalized Product of Experts for Automatic and Principled Fusion of Gaussian Process
    Predictions", 2014, arXiv:1410.7827, for weights that add up to 1.
    """
    (mean, aleatoric, epistemic), (other_mean, other_aleatoric, other_epistemic) = first, second
    ignorance, other_ignorance = epistemic.clamp_min(SMALLEST), other_epistemic.clamp_min(SMALLEST)
    weight = other_ignorance / (ignorance + other_ignorance)
    rest = 1.0 - weight
    apart = weight * rest * (mean - other_mean).square()
    return (
        weight * mean + rest * other_mean,
        weight * aleatoric + rest * other_aleatoric,
        weight * epistemic + rest * other_epistemic + apart,
    )


def choose_transfer(
    sources: Sequence[SourceDevice], output: int, answers: Answers, rows: Rows
) -> tuple[OutputTransfer | None, tuple[Dropped, ...]]:
    """Returns how an output is answered from the sources, None where it is not, and the sources dropped for it.

    Args:
        sources: all of them.
        output: which.
        answers: of the sources at all rows of the device.
        rows: those that have the output.
    """
    heard = {place: own[output][0][rows.places] for place, own in answers.items() if output in own}
    places, dropped = screen(sources, output, heard, rows.y)
    if not places:
        return None, dropped
    medians = torch.stack([heard[place] for place in places], dim=-1)
    belief = TransferBelief.fit(rows.x, medians, rows.y, rows.noise)
    harm = _harm(belief, rows)
    if harm is None:
        return OutputTransfer(places, belief), dropped
    return None, (*dropped, *(Dropped(sources[place].name, output, harm, None) for place in places))


def _harm(belief: TransferBelief, rows: Rows) -> str | None:
    """Returns why sources do harm, None where nothing shows it.

    They do where the rows predict each other, leaving one out, better alone than when half of the answer comes from the
    sources, by more than two standard errors: an eye for gross harm, since few rows show no more. On the published
    ProTran device tables one standard error gave up help more often than harm.
    """
    step = math.ceil(len(rows.y) / MOST_ROWS)
    y, alone = rows.y[::step], rows.alone[::step]
    if len(y) < FEWEST_COMPARED:
        return None
    together = 0.5 * (belief.leave_one_out() + alone)
    with_sources, without = (together - y).square(), (alone - y).square()
    worse = with_sources - without
    if not float(worse.mean()) > STANDARD_ERRORS * float(worse.std()) / math.sqrt(len(y)):
        return None
    return (
        f"does not help: leaving one row out, the typical relative error is {float(with_sources.mean().sqrt()):.3f} "
        f"with sources and {float(without.mean().sqrt()):.3f} without"
    )


def _stacked(answers: Answers, places: Sequence[int], output: int) -> tuple[Tensor, Tensor]:
    """Returns medians and epistemic variances of an output, `n x s` each."""
    medians, variances = zip(*(answers[place][output] for place in places), strict=True)
    return torch.stack(medians, dim=-1), torch.stack(variances, dim=-1)
