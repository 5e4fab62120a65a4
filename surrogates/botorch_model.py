"""A surrogate as a BoTorch model of the coordinates that an optimiser moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from botorch.acquisition.multi_objective import logei
from botorch.models.gpytorch import GPyTorchModel
from botorch.posteriors.gpytorch import GPyTorchPosterior
from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal
from linear_operator.operators import BlockDiagLinearOperator, DenseLinearOperator
from torch import Tensor

from surrogates.errors import SurrogateError

if TYPE_CHECKING:
    from surrogates.hetero_gp import HeteroscedasticGP

NUGGET = 1e-8
"""Added to the diagonal, relative to the output's variance: duplicates among the points keep a Cholesky factor."""


class FeatureModel(GPyTorchModel):  # type: ignore[misc]  # botorch is untyped
    """The transformed outputs of a fitted surrogate as functions of `z`, through a differentiable feature map.

    The outputs are independent, so acquisition functions may cache the root of the baseline's covariance.

    Args:
        surrogate: a fitted surrogate of `d` features and `m` outputs.
        feature_map: maps `z: ... x dz` to features `... x d`, differentiable.
        outputs: indices of the outputs to model; None means all.
    """

    def __init__(
        self,
        surrogate: HeteroscedasticGP,
        feature_map: Callable[[Tensor], Tensor],
        outputs: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        forgo_compiled_kernel()
        self._surrogate = surrogate
        self._feature_map = feature_map
        self._outputs = tuple(range(surrogate.num_outputs) if outputs is None else outputs)

    @property
    def num_outputs(self) -> int:
        """How many outputs the model has."""
        return len(self._outputs)

    @property
    def batch_shape(self) -> torch.Size:
        """The model itself has no batch dimension."""
        return torch.Size()

    def subset_output(self, idcs: list[int]) -> FeatureModel:
        """Returns the model of these outputs alone."""
        return FeatureModel(self._surrogate, self._feature_map, [self._outputs[index] for index in idcs])

    def posterior(
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: Any = None,
    ) -> Any:
        """Returns the joint Gaussian belief over the transformed outputs at `X: b x q x dz`, differentiable in `X`.

        Args:
            X: `b x q x dz`.
            output_indices: which of the model's outputs; None means all.
            observation_noise: True adds the variance of one measurement.
            posterior_transform: applied to the result.

        Raises:
            SurrogateError: `observation_noise` is a tensor; the surrogate knows its own noise.
        """
        if isinstance(observation_noise, Tensor):
            raise SurrogateError(
                "expected observation_noise to be True or False, got a tensor; the surrogate knows its own noise"
            )
        chosen = list(self._outputs if output_indices is None else [self._outputs[index] for index in output_indices])
        features = self._feature_map(X)
        mean, covariance = self._surrogate.joint(features, chosen)
        added = NUGGET * self._surrogate.scales[chosen].square().unsqueeze(-1).expand(mean.shape)
        if observation_noise:
            added = added + self._surrogate.noise(features)[..., chosen].transpose(-1, -2)
        posterior = GPyTorchPosterior(_normal(mean, covariance + torch.diag_embed(added)))
        return posterior if posterior_transform is None else posterior_transform(posterior)


def _normal(mean: Tensor, covariance: Tensor) -> MultivariateNormal:
    """Returns the normal of `mean: ... x m x q` and `covariance: ... x m x q x q`, independent over `m`."""
    if mean.shape[-2] == 1:
        return MultivariateNormal(mean.squeeze(-2), covariance.squeeze(-3))
    blocks = BlockDiagLinearOperator(DenseLinearOperator(covariance), block_dim=-3)
    return MultitaskMultivariateNormal(mean.transpose(-1, -2), blocks, interleaved=False)


def forgo_compiled_kernel() -> None:
    """Keeps BoTorch from compiling a C++ kernel when the first hypervolume improvement is built.

    The kernel costs minutes of two busy cores, warns where there is no compiler, and is built for the very processor
    (`-march=native`), so that a replay elsewhere could propose other candidates. BoTorch 0.18 has no public switch.
    """
    logei._load_attempted = True
