"""A deep ensemble: a few small networks per output, each with a mean and a noise; their disagreement is ignorance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from surrogates import storage
from surrogates.base import Capabilities
from surrogates.noise_model import NoiseModel, packed_noise, unpacked_noise
from surrogates.outliers import usable
from surrogates.output_belief import FITTED_ALONG, Moments
from surrogates.per_output import SeededSurrogate
from surrogates.transforms import OutputTransform

KIND = "ensemble"
MEMBERS = 5
HIDDEN = 32
STEPS = 300
BATCH = 256
"""More rows than this are trained on in mini-batches, for `MOST_STEPS` steps however many they are."""
MOST_STEPS = 1000
RATE = 0.05
PRIOR = 2.0
"""Strength of the pull to the first weights: less covers too little, more follows too little, at 8 and 32 rows of two
published ProTran device tables (tried: 0.3 to 4)."""
START_NOISE = 0.1
"""Noise variance, in standardised units, about which the members begin."""
LOG_NOISE_RANGE = (math.log(1e-6), math.log(20.0))
"""The noise stays inside, so that duplicated rows do not promise certainty and no step overflows."""


class Members(nn.Module):
    """Networks of one hidden layer beside a linear path, all members at once, in float64.

    Args:
        width: number of features `k`.
        seed: of the first weights.
    """

    def __init__(self, width: int, seed: int = 0) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(seed)

        def weight(inputs: int, outputs: int, size: float) -> nn.Parameter:
            drawn = torch.randn(MEMBERS, inputs, outputs, generator=draws, dtype=torch.float64)
            return nn.Parameter(drawn * size / math.sqrt(inputs))

        self.linear = weight(width, 1, 1.0)
        self.hidden = weight(width, HIDDEN, 1.0)
        self.hidden_bias = weight(1, HIDDEN, 1.0)
        self.head = weight(HIDDEN, 2, 0.5)
        start = torch.tensor([0.0, math.log(START_NOISE)], dtype=torch.float64)
        self.head_bias = nn.Parameter(start.repeat(MEMBERS, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and noise variance, each `members x ...`, at standardised `x: ... x k` or one `x` per member."""
        heads = torch.tanh(x @ self.hidden + self.hidden_bias) @ self.head + self.head_bias
        return heads[..., 0] + (x @ self.linear)[..., 0], heads[..., 1].clamp(*LOG_NOISE_RANGE).exp()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps torch to one thread: for steps this small a second one only waits, for seconds where others use the cores.

    The weights then do not depend on how many cores there are.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def train(x: Tensor, target: Tensor, noise: Tensor, seed: int) -> Members:
    """Returns members trained to state how likely each target is; the same seed gives the same members.

    Each member is pulled to its own first weights rather than to zero, so that the members go on disagreeing where no
    row holds them together.

    Source: B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and Scalable Predictive Uncertainty Estimation using
    Deep Ensembles", 2017, arXiv:1612.01474, equation 1 (without adversarial rows); T. Pearce et al., "Uncertainty in
    Neural Networks: Approximately Bayesian Ensembling", 2020, arXiv:1810.05546, equation 9.

    Args:
        x: `n x k`, standardised features.
        target: `n`, standardised values.
        noise: `n`, known variances; a member's own is what they leave out.
        seed: of the first weights and of the mini-batches.
    """
    members, count = Members(x.shape[-1], seed), len(x)
    weights = list(members.parameters())
    first = [weight.detach().clone() for weight in weights]
    pulls = [PRIOR / (2 * count * float(weight.square().mean())) for weight in first]
    steps = STEPS if count <= BATCH else MOST_STEPS
    optimiser = torch.optim.Adam(weights, lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    draws = torch.Generator().manual_seed(seed)
    rows = torch.arange(count)
    for _ in range(steps):
        if count > BATCH:
            rows = torch.randint(count, (MEMBERS, BATCH), generator=draws)
        mean, own = members(x[rows])
        total = own + noise[rows]
        surprise = 0.5 * ((target[rows] - mean).square() / total + total.log()).mean(-1).sum()
        moved = [pull * (weight - was).square().sum() for pull, weight, was in zip(pulls, weights, first, strict=True)]
        optimiser.zero_grad()
        (surprise + torch.stack(moved).sum()).backward()
        optimiser.step()
        schedule.step()
    return members.requires_grad_(False)


@dataclass(frozen=True)
class EnsembleBelief:
    """One output's members with its noise and its way back to the output's units.

    Attributes:
        transform: from the output's units to the members' standardised space.
        members: the trained networks.
        noise_model: interpolates the known variances; None where none was known.
        count: how many rows were trained on.
    """

    transform: OutputTransform
    members: Members
    noise_model: NoiseModel | None
    count: int

    @classmethod
    def fit(cls, x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> EnsembleBelief:
        """Fits to standardised `x: n x k`, values `y: n` (NaN = missing) and variances `y_var: n` (NaN = unknown).

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        x, y, y_var = usable(x, y, y_var, log)
        transform = OutputTransform.fit(y, log)
        variance = transform.transform_variance(y, y_var) / transform.scale**2
        noise_model, noise = NoiseModel.of_known(x, variance)
        target = transform.standardise(transform.transform(y))
        return cls(transform, train(x, target, noise, seed), noise_model, len(y))

    @property
    def unit_variance(self) -> float:
        """Variance in the transformed space of 1 in the members', mended for few rows as in `OutputBelief`."""
        return self.transform.scale**2 * (self.count + FITTED_ALONG) / self.count

    def moments(self, x: Tensor) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `n` each, at standardised `x: n x k`, in output units."""
        mean, own = self.members(x)
        noise = own.mean(0) * self.unit_variance
        if self.noise_model is not None:
            noise = noise + self.noise_model(x) * self.transform.scale**2
        location = self.transform.unstandardise(mean.mean(0))
        return self.transform.moments(location, noise, mean.var(0) * self.unit_variance)

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the tensors and the settings from which `from_state` builds an equal belief."""
        tensors = {f"members.{name}": weight for name, weight in self.members.state_dict().items()}
        settings: dict[str, Any] = {"transform": asdict(self.transform), "count": self.count}
        noise_tensors, noise_settings = packed_noise(self.noise_model)
        return tensors | noise_tensors, settings | noise_settings

    @classmethod
    def from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> EnsembleBelief:
        """Returns the belief that `to_state` described."""
        members = Members(tensors["members.linear"].shape[1])
        members.load_state_dict(storage.below(tensors, "members."))
        noise = unpacked_noise(tensors, settings)
        transform = OutputTransform(**settings["transform"])
        return cls(transform, members.requires_grad_(False), noise, settings["count"])


class DeepEnsemble(SeededSurrogate[EnsembleBelief]):
    """Five small networks per output with Gaussian heads, on the log scale, differentiable in the features.

    The mean is that of the members, the aleatoric variance the mean of their noises beside the known one, the
    epistemic variance that of their means. Missing values (NaN) and gross outliers are left out per output.
    Everything is computed in float64 and is deterministic by seed.

    Args:
        log_outputs: per output, whether it lives on the log scale (positive values only); None means all of them.
        seed: of the members.
    """

    capabilities = Capabilities(differentiable=True, joint=False, noise=True)

    kind = KIND

    @staticmethod
    def _believe(x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> EnsembleBelief:
        return EnsembleBelief.fit(x, y, y_var, log, seed)

    @staticmethod
    def _read(tensors: storage.Tensors, settings: storage.Settings) -> EnsembleBelief:
        return EnsembleBelief.from_state(tensors, settings)
