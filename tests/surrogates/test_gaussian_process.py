from __future__ import annotations

import gpytorch
import pytest
import torch

from surrogates.errors import SurrogateError
from surrogates.gaussian_process import REST_OF_NOISE, WHOLE_NOISE, GaussianProcess, fit
from surrogates.kernels import TrendKernel


@pytest.fixture(scope="module")
def process() -> GaussianProcess:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(14, 3, generator=generator, dtype=torch.float64)
    y = x[:, 0] + 0.5 * (2 * x[:, 1]).sin() + 0.1 * torch.randn(14, generator=generator, dtype=torch.float64)
    return fit(x, y - y.mean(), torch.linspace(0.001, 0.02, 14, dtype=torch.float64), REST_OF_NOISE)


def points(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


class GPyTorchOracle(gpytorch.models.ExactGP):
    def __init__(self, process: GaussianProcess) -> None:
        noise = process.known_noise + process.extra_noise
        likelihood = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(noise)
        super().__init__(process.x, process.y, likelihood)
        self.mean_module, self.covar_module = gpytorch.means.ZeroMean(), process.kernel

    def forward(self, x):
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def test_the_posterior_is_that_of_gpytorch(process):
    x = points(6)
    with gpytorch.settings.fast_computations(False, False, False), torch.no_grad():
        oracle = GPyTorchOracle(process).eval()(x)
        expected_mean, expected_covariance = oracle.mean, oracle.covariance_matrix
    mean, covariance = process.joint(x)
    assert torch.allclose(mean, expected_mean, atol=1e-8)
    assert torch.allclose(covariance, expected_covariance, atol=1e-8)
    pointwise = process.mean_and_variance(x)
    assert torch.allclose(pointwise[0], expected_mean, atol=1e-8)
    assert torch.allclose(pointwise[1], expected_covariance.diagonal(), atol=1e-8)


def test_batches_of_points_are_answered_one_by_one(process):
    x = points(2, 4, 5)
    mean, covariance = process.joint(x)
    assert covariance.shape == (2, 4, 5, 5)
    one_mean, one_covariance = process.joint(x[1, 2])
    assert torch.allclose(mean[1, 2], one_mean)
    assert torch.allclose(covariance[1, 2], one_covariance)
    assert torch.allclose(process.mean_and_variance(x)[0], mean)


def test_the_covariance_between_two_sets_is_a_block_of_the_joint_one(process):
    x = points(7)
    assert torch.allclose(process.covariance(x[:3], x[3:]), process.joint(x)[1][:3, 3:], atol=1e-12)


def test_leave_one_out_is_what_a_refit_without_the_row_says(process):
    mean, variance = process.leave_one_out()
    for row in range(len(process.y)):
        rest = torch.arange(len(process.y)) != row
        others = GaussianProcess.condition(
            process.kernel, process.x[rest], process.y[rest], process.known_noise[rest], process.extra_noise
        )
        expected_mean, expected_variance = others.mean_and_variance(process.x[row : row + 1])
        noise = process.known_noise[row] + process.extra_noise
        assert mean[row].item() == pytest.approx(expected_mean.item(), abs=1e-9)
        assert variance[row].item() == pytest.approx((expected_variance + noise).item(), rel=1e-7)


def test_the_fit_finds_a_better_density_than_the_prior_location(process):
    untouched = GaussianProcess.condition(
        TrendKernel(3), process.x, process.y, process.known_noise, process.extra_noise
    )

    def likelihood(candidate: GaussianProcess) -> float:
        return float(-0.5 * candidate.y @ candidate.weights - candidate.factor.diagonal().log().sum())

    assert likelihood(process) > likelihood(untouched) + 1.0


def test_a_feature_without_influence_gets_the_longest_lengthscale(process):
    lengthscales = process.kernel.smooth.lengthscale.squeeze()
    assert lengthscales[2] > lengthscales[1]


def test_features_that_overflow_are_refused_in_one_sentence():
    x = torch.tensor([[1e200], [-1e200]], dtype=torch.float64)
    with pytest.raises(SurrogateError, match="positive definite"):
        fit(x, torch.tensor([1.0, -1.0], dtype=torch.float64), torch.zeros(2, dtype=torch.float64), WHOLE_NOISE)
