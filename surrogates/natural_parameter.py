"""A network whose weights are normal variables: it carries mean and variance from layer to layer, without sampling.

Source: H. Wang, X. Shi, D.-Y. Yeung, "Natural-Parameter Networks: A Class of Probabilistic Neural Networks", NeurIPS
2016, arXiv:1611.00448, the Gaussian case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from surrogates.descent import descend
from surrogates.normal_moments import Normal, sigmoid_moments, softplus_moments
from surrogates.validation import folds

HIDDEN = 32
WARM_STEPS = 300
"""For these the noise is held at `START_NOISE`, and the weights' variances play no part: a network that may state its
own noise from the start calls every bend noise and stays a line.

Source: L. Sluijterman, E. Cator, T. Heskes, "Optimal Training of Mean Variance Estimation Neural Networks", 2023,
arXiv:2302.08875, the warm-up."""
STEPS = 150
RATE = 0.03
START_NOISE = 0.1
"""Noise variance of the first steps, relative to the targets' variance."""
PARTS = 4
"""Beside the network that sees all rows, as many are trained that each leave a part of them out."""
PRIOR = 0.1
"""Strength of the pull of the weights' means to zero, in nats of one row's likelihood, under a normal prior of the
deviation with which they begin."""
GAIN = 2.0
"""Deviation of the first layer's weights at the start, times the root of the number of inputs: softplus bends slowly.
(Tried on three device tables at 12 and 40 rows: 1 here and for `HEAD_GAIN` stays a line, 3 is a bit worse than 2.)"""
HEAD_GAIN = 0.3
"""The same of the last layer's: the network begins nearly constant."""
BIAS = 0.5
"""Deviation of the biases at the start."""
PACE = 5.0
"""How much faster than a weight's mean the logarithm of its variance moves."""
START_VARIANCE = 0.01
"""Variance of each weight at the start, relative to that of its mean."""
SMALLEST_VARIANCE = 1e-8
"""Floor of the answer's variance, so that duplicated rows do not promise certainty."""


class NormalLinear(nn.Module):
    """Linear layers whose weights and biases are independent normal variables, in float64; all begin alike.

    Args:
        inputs: how many.
        outputs: how many.
        networks: how many layers there are beside each other.
        draws: gives the first weights.
        gain: deviation of the weights at the start and under their prior, times the root of the number of inputs.
    """

    def __init__(self, inputs: int, outputs: int, networks: int, draws: torch.Generator, gain: float = 1.0) -> None:
        super().__init__()
        size = gain / math.sqrt(inputs)
        self.gain = gain
        weight = torch.randn(inputs, outputs, generator=draws, dtype=torch.float64) * size
        self.weight = nn.Parameter(weight.repeat(networks, 1, 1))
        bias = torch.randn(1, outputs, generator=draws, dtype=torch.float64) * BIAS
        self.bias = nn.Parameter(bias.repeat(networks, 1, 1))
        spread = math.log(math.expm1(START_VARIANCE / inputs)) / PACE
        self.weight_spread = nn.Parameter(torch.full_like(self.weight, spread))
        self.bias_spread = nn.Parameter(torch.full_like(self.bias, spread))

    def forward(self, mean: Tensor, variance: Tensor | None) -> Normal:
        """Returns the moments `networks x n x outputs` of the answers to inputs with these moments, `... x n x inputs`.

        Exact for independent inputs; no variance means that the inputs are known.

        Source: Wang et al. (above), for `w` and `b` the means of weights and biases, `v` and `c` their
        variances, the mean is `mean w + b` and the variance `variance v + variance w^2 + mean^2 v + c`.
        """
        own, shift = self.variances()
        spread = mean.square() @ own + shift
        if variance is not None:
            spread = spread + variance @ (own + self.weight.square())
        return mean @ self.weight + self.bias, spread

    def variances(self) -> tuple[Tensor, Tensor]:
        """Returns the variances of the weights and of the biases."""
        return softplus(PACE * self.weight_spread), softplus(PACE * self.bias_spread)

    def pull(self) -> Tensor:
        """Returns minus the log density of the means under their prior, but for a constant, over all networks."""
        return 0.5 * self.weight.shape[1] / self.gain**2 * self.weight.square().sum()


class NaturalParameterNetwork(nn.Module):
    """Two hidden layers of softplus and a sigmoid answer between 0 and 1, in float64; several networks at once.

    Args:
        width: number of features `k`.
        networks: how many, all with the same first weights.
        seed: of the first weights.
    """

    def __init__(self, width: int, networks: int = 1, seed: int = 0) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(seed)
        self.first = NormalLinear(width, HIDDEN, networks, draws, GAIN)
        self.second = NormalLinear(HIDDEN, HIDDEN, networks, draws)
        self.head = NormalLinear(HIDDEN, 1, networks, draws, HEAD_GAIN)

    def forward(self, x: Tensor) -> Normal:
        """Returns mean and variance of the answers, each `networks x n`, at standardised `x: n x k`."""
        hidden = softplus_moments(*self.first(x, None))
        hidden = softplus_moments(*self.second(*hidden))
        mean, variance = sigmoid_moments(*self.head(*hidden))
        return mean[..., 0], variance[..., 0] + SMALLEST_VARIANCE

    def middle(self, x: Tensor) -> Tensor:
        """Returns the answers `networks x n` where every weight is its mean."""
        hidden = softplus(x @ self.first.weight + self.first.bias)
        hidden = softplus(hidden @ self.second.weight + self.second.bias)
        return torch.sigmoid(hidden @ self.head.weight + self.head.bias)[..., 0]

    def pull(self) -> Tensor:
        """Returns minus the log density of the means of the weights under their prior, but for a constant."""
        return self.first.pull() + self.second.pull() + self.head.pull()

    def only(self, number: int) -> NaturalParameterNetwork:
        """Returns one of the networks alone."""
        state = {name: weight[number : number + 1].clone() for name, weight in self.state_dict().items()}
        alone = NaturalParameterNetwork(self.first.weight.shape[1])
        alone.load_state_dict(state)
        return alone.requires_grad_(False)


@dataclass(frozen=True)
class Trained:
    """A network with what others like it, which had not seen a row, said of that row.

    Attributes:
        network: has seen all rows.
        mean: `n`, what was expected of each row unseen.
        variance: `n`, with which noise, known one left out.
    """

    network: NaturalParameterNetwork
    mean: Tensor
    variance: Tensor


def train(x: Tensor, target: Tensor, noise: Tensor, seed: int) -> Trained:
    """Returns a network trained to state how likely each target is; the same seed gives the same network.

    Source: S. Tuli et al., "FlexiBERT", 2022, arXiv:2205.11656, the loss of the natural-parameter network; the pull is
    the weight decay of Wang et al. (above).

    Args:
        x: `n x k`, standardised features.
        target: `n`, values between 0 and 1.
        noise: `n`, known variances; the network's own is what they leave out.
        seed: of the first weights, of the parts that are left out, and of the mini-batches.
    """
    count = len(x)
    parts = folds(count, min(PARTS, count), seed)
    seen = torch.ones(1 + len(parts), count, dtype=torch.float64)
    for number, part in enumerate(parts, start=1):
        seen[number, part] = 0.0
    networks = NaturalParameterNetwork(x.shape[-1], len(seen), seed)

    middle = (target * seen).sum(-1, keepdim=True) / seen.sum(-1, keepdim=True)
    scatter = ((target - middle).square() * seen).sum(-1, keepdim=True) / seen.sum(-1, keepdim=True)
    start = noise + START_NOISE * scatter + SMALLEST_VARIANCE  # (networks, n)

    def error(rows: Tensor) -> Tensor:
        squared = 0.5 * (target[rows] - networks.middle(x[rows])).square() / start[:, rows]
        return (squared * seen[:, rows]).mean(-1).sum() + PRIOR / count * networks.pull()

    def loss(rows: Tensor) -> Tensor:
        mean, own = networks(x[rows])
        total = own + noise[rows]
        surprise: Tensor = 0.5 * ((target[rows] - mean).square() / total + total.log())
        return (surprise * seen[:, rows]).mean(-1).sum() + PRIOR / count * networks.pull()

    middles = [weight for name, weight in networks.named_parameters() if not name.endswith("spread")]
    descend(middles, error, count, WARM_STEPS, RATE, seed)
    descend(networks.parameters(), loss, count, STEPS, RATE, seed)
    with torch.no_grad():
        unseen, (mean, own) = 1.0 - seen, networks(x)
        return Trained(networks.only(0), (mean * unseen).sum(0), (own * unseen).sum(0))
