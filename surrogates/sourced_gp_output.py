"""One output of a new device as a mixture of two processes: one that hears other devices, one that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.output_belief import Moments
from surrogates.transfer_belief import TRANSFORM
from surrogates.transfer_screen import Dropped, screen
from surrogates.transfer_source import SourceDevice, log_belief

FEWEST_COMPARED = 4
"""Rows below which nobody can tell whether the sources help: none is asked."""
LEAST_WEIGHT = 0.5
"""Weight of the process with sources up to which it is left out: it predicts unseen rows no better than the other one.
On the published HW-GPT-Bench and ProTran tables (12 splits) the worst median error at 32 rows, relative to the process
without sources, falls from 1.04 to 1.02 by this rule."""

Answers = Mapping[int, Mapping[int, Tensor]]
"""By place of the source and output: median of the logarithm, `...`."""


@dataclass(frozen=True)
class SourcedOutput:
    """A mixture of two Gaussian beliefs about the logarithm of one output.

    Which of the two processes is right is as uncertain as the weight says, everywhere in the same way: so the moments
    of the mixture are exact, jointly over points, and where the two disagree, the covariance grows.

    Attributes:
        places: of the sources that are asked.
        process: on features and these sources' answers; features are faint beside the answers.
        weight: of this process; the rest is that of the process without sources.
    """

    places: tuple[int, ...]
    process: HeteroscedasticGP
    weight: float

    def inputs(self, x: Tensor, answers: Answers, output: int) -> Tensor:
        """Returns what the process sees at features `x: ... x d`: these and the answers, `... x (d + s)`."""
        return torch.cat([x, *(answers[place][output].unsqueeze(-1) for place in self.places)], dim=-1)

    def moments(self, inputs: Tensor, alone: Moments) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `n` each, in output units.

        Args:
            inputs: `n x (d + s)`.
            alone: of the logarithm, without sources.
        """
        mean, aleatoric, epistemic = (part[:, 0] for part in log_belief(self.process.predict(inputs)))
        apart = self._spread * (mean - alone[0]).square()
        mixed = (
            self._mixed(mean, alone[0]),
            self._mixed(aleatoric, alone[1]),
            self._mixed(epistemic, alone[2]) + apart,
        )
        return TRANSFORM.moments(*mixed)

    def joint(self, inputs: Tensor, mean: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `... x q` and covariance `... x q x q`, from those without sources, at `... x q x (d + s)`."""
        heard, own = self.process.joint(inputs)
        apart = heard.squeeze(-2) - mean
        product = apart.unsqueeze(-1) * apart.unsqueeze(-2)
        return self._mixed(heard.squeeze(-2), mean), self._mixed(own.squeeze(-3), covariance) + self._spread * product

    def covariance(self, inputs: tuple[Tensor, Tensor], means: tuple[Tensor, Tensor], alone: Tensor) -> Tensor:
        """Returns the covariance `... x n1 x n2` between two sets of points.

        Args:
            inputs: of both, `... x n x (d + s)` each.
            means: of both without sources, `... x n` each.
            alone: the covariance without sources.
        """
        first, second = (log_means(self.process, at).squeeze(-1) - mean for at, mean in zip(inputs, means, strict=True))
        own = self.process.covariance(*inputs).squeeze(-3)
        return self._mixed(own, alone) + self._spread * first.unsqueeze(-1) * second.unsqueeze(-2)

    def noise(self, inputs: Tensor, alone: Tensor) -> Tensor:
        """Returns the variance `...` of one measurement, from that without sources."""
        return self._mixed(self.process.noise(inputs).squeeze(-1), alone)

    @property
    def _spread(self) -> float:
        """Variance of the choice between the two."""
        return self.weight * (1.0 - self.weight)

    def _mixed(self, heard: Tensor, alone: Tensor) -> Tensor:
        return self.weight * heard + (1.0 - self.weight) * alone


@dataclass(frozen=True)
class OutputRows:
    """The device's own rows: `x: n x d`, one output `y: n` (NaN = missing) with its variances `y_var: n`.

    `unseen: n` is the logarithm that the process without sources expects at each row from the others.
    """

    x: Tensor
    y: Tensor
    y_var: Tensor
    unseen: Tensor


def choose_sourced(
    sources: Sequence[SourceDevice], output: int, answers: Answers, rows: OutputRows
) -> tuple[SourcedOutput | None, tuple[Dropped, ...]]:
    """Returns how an output is answered from the sources, None where it is not, and the sources dropped for it.

    Args:
        sources: all of them.
        output: which.
        answers: of the sources at all rows of the device.
        rows: of the device.
    """
    there = rows.y.isfinite()
    heard = {place: own[output][there] for place, own in answers.items() if output in own}
    places, dropped = screen(sources, output, heard, rows.y[there].log())
    if not places:
        return None, dropped
    compared = _compared(places, heard, rows, there)
    if isinstance(compared, SourcedOutput):
        return compared, dropped
    return None, (*dropped, *(Dropped(sources[place].name, output, compared, None) for place in places))


def _compared(
    places: tuple[int, ...], heard: Mapping[int, Tensor], rows: OutputRows, there: Tensor
) -> SourcedOutput | str:
    """Returns how the sources are used, or why they are not.

    Source: J. M. Bates, C. W. J. Granger, "The Combination of Forecasts", Operational Research Quarterly 20, 1969, for
    weights by the inverse of the error on what was not seen.
    """
    x, y, y_var = rows.x[there], rows.y[there], rows.y_var[there]
    if len(y) < FEWEST_COMPARED:
        return f"expected {FEWEST_COMPARED} rows of this device to judge it by, got {len(y)}"
    process = HeteroscedasticGP(faint=range(x.shape[1]))
    inputs = torch.cat([x, *(heard[place].unsqueeze(-1) for place in places)], dim=-1)
    try:
        process.fit(inputs, y.unsqueeze(-1), y_var.unsqueeze(-1))
    except SurrogateError as error:  # what another device says shall not stop a new one
        return str(error)
    unseen = log_belief(process.leave_one_out())[0][:, 0]
    heard_error, alone_error = (float((guess - y.log()).square().mean()) for guess in (unseen, rows.unseen[there]))
    weight = alone_error / (alone_error + heard_error) if alone_error + heard_error > 0.0 else 0.0
    if weight > LEAST_WEIGHT:
        return SourcedOutput(places, process, weight)
    told = f"{heard_error**0.5:.3f} with sources and {alone_error**0.5:.3f} without"
    return f"does not help: leaving one row out, the typical relative error is {told}"


def log_means(surrogate: HeteroscedasticGP, x: Tensor) -> Tensor:
    """Returns the mean `... x m` of the outputs' logarithms at `x: ... x d`; differentiable."""
    flat = log_belief(surrogate.predict(x.reshape(-1, x.shape[-1])))[0]
    return flat.reshape(*x.shape[:-1], -1)
