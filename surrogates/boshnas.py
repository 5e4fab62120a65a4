"""BOSHNAS's surrogate: one network for mean and noise, a teacher and a student for ignorance.

Source: S. Tuli, B. Dedhia, S. Tuli, N. K. Jha, "FlexiBERT: Are Current Transformer Architectures too Homogeneous and
Rigid?", 2022, arXiv:2205.11656.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from surrogates import dropout_network, natural_parameter, storage
from surrogates.base import Capabilities
from surrogates.dropout_network import TwoLayers
from surrogates.ensemble import one_thread
from surrogates.natural_parameter import NaturalParameterNetwork
from surrogates.noise_model import NoiseModel, packed_noise, unpacked_noise
from surrogates.outliers import usable
from surrogates.output_belief import FITTED_ALONG, Moments
from surrogates.per_output import SeededSurrogate
from surrogates.transforms import OutputTransform

KIND = "boshnas"
REACH = 4.0
"""How many standard deviations the networks' answers reach from the mean, to either side."""


def ignorance_scale(squared: Tensor, noise: Tensor, spread: Tensor) -> float:
    """Returns the factor of the variances `spread: n` under which the errors, known squared, are the most likely.

    How wide dropout makes the teacher's answers depends on its rate more than on the rows, so only their shape is
    believed, and the errors at rows that a network had not seen say how large they are.

    Args:
        squared: `n`, squared errors.
        noise: `n`, variances of the measurement noise in them.
        spread: `n`, the teacher's variances.
    """
    usual = squared.mean() / spread.mean()
    factors = usual * torch.logspace(-4.0, 1.0, 101, dtype=torch.float64).unsqueeze(-1)
    total = noise + factors * spread
    surprise = (squared / total + total.log()).sum(-1)
    return float(factors[surprise.argmin(), 0])


@dataclass(frozen=True)
class BoshnasBelief:
    """One output's networks with its noise and its way back to the output's units.

    Attributes:
        transform: from the output's units to the standardised space, of which the networks' 0 to 1 is a part.
        network: gives mean and aleatoric variance.
        student: gives the epistemic deviation, but for a factor.
        ignorance: the factor of its square.
        noise_model: interpolates the known variances; None where none was known.
        count: how many rows were trained on.
    """

    transform: OutputTransform
    network: NaturalParameterNetwork
    student: TwoLayers
    ignorance: float
    noise_model: NoiseModel | None
    count: int

    @classmethod
    @one_thread()
    def fit(cls, x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> BoshnasBelief:
        """Fits to standardised `x: n x k`, values `y: n` (NaN = missing) and variances `y_var: n` (NaN = unknown).

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        x, y, y_var = usable(x, y, y_var, log)
        transform = OutputTransform.fit(y, log)
        variance = transform.transform_variance(y, y_var) / transform.scale**2
        noise_model, noise = NoiseModel.of_known(x, variance)
        noise = noise / (2 * REACH) ** 2
        target = 0.5 + transform.standardise(transform.transform(y)) / (2 * REACH)
        trained = natural_parameter.train(x, target, noise, seed)
        student = dropout_network.learn_spread(dropout_network.teach(x, target, seed), x, seed)
        lift = ignorance_scale((target - trained.mean).square(), trained.variance + noise, student(x).square())
        return cls(transform, trained.network, student, lift, noise_model, len(y))

    def moments(self, x: Tensor) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `n` each, at standardised `x: n x k`, in output units."""
        mean, own = (moment[0] for moment in self.network(x))
        scale = self.transform.scale**2
        noise = own * (2 * REACH) ** 2 * scale * (self.count + FITTED_ALONG) / self.count
        if self.noise_model is not None:
            noise = noise + self.noise_model(x) * scale
        ignorance = self.student(x).square() * self.ignorance * (2 * REACH) ** 2 * scale
        location = self.transform.unstandardise((mean - 0.5) * 2 * REACH)
        return self.transform.moments(location, noise, ignorance)

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the tensors and the settings from which `from_state` builds an equal belief."""
        tensors = {f"network.{name}": weight for name, weight in self.network.state_dict().items()}
        tensors |= {f"student.{name}": weight for name, weight in self.student.state_dict().items()}
        settings: dict[str, Any] = {
            "transform": asdict(self.transform),
            "ignorance": self.ignorance,
            "count": self.count,
        }
        noise_tensors, noise_settings = packed_noise(self.noise_model)
        return tensors | noise_tensors, settings | noise_settings

    @classmethod
    def from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> BoshnasBelief:
        """Returns the belief that `to_state` described."""
        width = len(tensors["student.weights.0"])
        network, student = NaturalParameterNetwork(width), TwoLayers(width)
        network.load_state_dict(storage.below(tensors, "network."))
        student.load_state_dict(storage.below(tensors, "student."))
        noise = unpacked_noise(tensors, settings)
        transform = OutputTransform(**settings["transform"])
        network.requires_grad_(False)
        student.requires_grad_(False)
        return cls(transform, network, student, settings["ignorance"], noise, settings["count"])


class Boshnas(SeededSurrogate[BoshnasBelief]):
    """The surrogate of BOSHNAS per output, on the log scale, differentiable in the features.

    The mean and the aleatoric variance are those of a natural-parameter network (beside the known noise), the
    epistemic deviation is a student's, which learned it from a teacher under dropout. Missing values (NaN) and gross
    outliers are left out per output. Everything is computed in float64 and is deterministic by seed.

    Args:
        log_outputs: per output, whether it lives on the log scale (positive values only); None means all of them.
        seed: of all networks.
    """

    capabilities = Capabilities(differentiable=True, joint=False, noise=True)

    kind = KIND

    @staticmethod
    def _believe(x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> BoshnasBelief:
        return BoshnasBelief.fit(x, y, y_var, log, seed)

    @staticmethod
    def _read(tensors: storage.Tensors, settings: storage.Settings) -> BoshnasBelief:
        return BoshnasBelief.from_state(tensors, settings)
