from __future__ import annotations

import pytest
import torch
import torch.utils.cpp_extension
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import (
    qLogExpectedHypervolumeImprovement,
    qLogNoisyExpectedHypervolumeImprovement,
)
from botorch.acquisition.multi_objective.objective import WeightedMCMultiOutputObjective
from botorch.acquisition.objective import ScalarizedPosteriorTransform
from botorch.optim import optimize_acqf
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning

from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP


def feature_map(z):
    """Three features of two coordinates; two of them nonlinear."""
    return torch.cat([z.exp(), (z[..., :1] * z[..., 1:]).sin()], dim=-1)


def outputs_of(z):
    """Three costs that conflict: minimal at (0, 0), at (1, 1), and along the second axis."""
    low = 0.1 + (z**2).sum(-1)
    high = 0.1 + ((z - 1) ** 2).sum(-1)
    return torch.stack([low, high, 1.0 + z[..., 1]], dim=-1)


@pytest.fixture(scope="module")
def fitted():
    z = torch.rand(16, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = outputs_of(z)
    y[12:, 2] = torch.nan
    surrogate = HeteroscedasticGP((True, True, False))
    surrogate.fit(feature_map(z), y, (0.02 * y) ** 2)
    return surrogate, z


def sampler():
    return SobolQMCNormalSampler(torch.Size([16]), seed=1)


def test_the_posterior_is_the_surrogates_joint_belief(fitted):
    surrogate, _ = fitted
    z = torch.rand(4, 3, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    posterior = surrogate.model_on(feature_map).posterior(z)
    mean, covariance = surrogate.joint(feature_map(z))
    assert posterior.mean.shape == (4, 3, 3)
    assert torch.allclose(posterior.mean, mean.transpose(-1, -2))
    assert torch.allclose(posterior.variance, covariance.diagonal(dim1=-2, dim2=-1).transpose(-1, -2), rtol=1e-4)
    draws = posterior.rsample(torch.Size([4000]))
    centred = draws[:, 0, :, 0] - mean[0, 0]
    assert torch.allclose(centred.T @ centred / 4000, covariance[0, 0], atol=0.1 * covariance[0, 0].max())


def test_observation_noise_adds_the_noise_of_one_measurement(fitted):
    surrogate, _ = fitted
    z = torch.rand(5, 1, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    model = surrogate.model_on(feature_map)
    added = model.posterior(z, observation_noise=True).variance - model.posterior(z).variance
    assert torch.allclose(added, surrogate.noise(feature_map(z)), rtol=1e-6)


def test_observation_noise_from_outside_is_refused(fitted):
    with pytest.raises(SurrogateError, match="True or False"):
        fitted[0].model_on(feature_map).posterior(fitted[1], observation_noise=torch.ones(1))


def test_a_subset_of_the_outputs_is_a_model_of_them(fitted):
    surrogate, z = fitted
    model = surrogate.model_on(feature_map)
    whole = model.posterior(z)
    two = model.subset_output([2, 0])
    assert (model.num_outputs, two.num_outputs) == (3, 2)
    assert torch.equal(two.posterior(z).mean, whole.mean[..., [2, 0]])
    assert torch.equal(two.subset_output([1]).posterior(z).mean, whole.mean[..., [0]])
    assert torch.allclose(model.posterior(z, output_indices=[1]).variance, whole.variance[..., [1]])


def test_a_posterior_transform_is_applied(fitted):
    surrogate, z = fitted
    weights = torch.tensor([1.0, 2.0, 0.0], dtype=torch.float64)
    model = surrogate.model_on(feature_map)
    scalar = model.posterior(z.unsqueeze(1), posterior_transform=ScalarizedPosteriorTransform(weights))
    assert torch.allclose(scalar.mean.squeeze(-1), model.posterior(z.unsqueeze(1)).mean @ weights)


def noisy_improvement(model, z, outputs):
    return qLogNoisyExpectedHypervolumeImprovement(
        model=model,
        ref_point=[-2.0] * outputs,
        X_baseline=z,
        sampler=sampler(),
        objective=WeightedMCMultiOutputObjective(-torch.ones(outputs, dtype=torch.float64)),
        prune_baseline=True,
    )


@pytest.mark.parametrize("outputs", [2, 3])
def test_noisy_hypervolume_improvement_has_the_gradient_that_differences_show(fitted, outputs):
    surrogate, z = fitted
    model = surrogate.model_on(feature_map).subset_output(list(range(outputs)))
    acquisition = noisy_improvement(model, z, outputs)
    point = torch.tensor([[[0.45, 0.5], [0.1, 0.05]]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(acquisition(point).sum(), point)
    direction = torch.tensor([[[1.0, -2.0], [0.5, 1.0]]], dtype=torch.float64)
    step = 1e-5 * direction
    slope = (acquisition(point + step) - acquisition(point - step)).item() / 2e-5
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-3)
    assert abs(slope) > 1e-2


def test_noisy_hypervolume_improvement_caches_the_root_of_the_baseline(fitted):
    acquisition = noisy_improvement(fitted[0].model_on(feature_map), fitted[1], 3)
    assert acquisition._cache_root


def test_no_compiler_is_started_by_the_first_hypervolume_improvement(fitted, monkeypatch):
    def refuse(**arguments):
        raise AssertionError("a compiler was started")

    monkeypatch.setattr(torch.utils.cpp_extension, "load", refuse)
    monkeypatch.setattr(logei, "_load_attempted", False)
    monkeypatch.setattr(logei, "_C", None)  # stock BoTorch may have loaded it earlier in this process
    noisy_improvement(fitted[0].model_on(feature_map), fitted[1], 3)
    assert logei._C is None


def test_hypervolume_improvement_is_optimised_through_the_feature_map(fitted):
    surrogate, z = fitted
    model = surrogate.model_on(feature_map).subset_output([0, 1])
    front = -surrogate.transform_outputs(outputs_of(z))[..., :2]
    reference = torch.tensor([-2.0, -2.0], dtype=torch.float64)
    acquisition = qLogExpectedHypervolumeImprovement(
        model=model,
        ref_point=reference.tolist(),
        partitioning=FastNondominatedPartitioning(reference, front),
        sampler=sampler(),
        objective=WeightedMCMultiOutputObjective(-torch.ones(2, dtype=torch.float64)),
    )
    torch.manual_seed(0)
    bounds = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    found, value = optimize_acqf(acquisition, bounds, q=1, num_restarts=2, raw_samples=8, options={"maxiter": 15})
    assert value > acquisition(z.unsqueeze(1)).max()
    # The front of two squared distances is the segment between their minima.
    assert abs(found[0, 0] - found[0, 1]) < 0.25


def test_two_equal_points_still_have_a_posterior_to_draw_from(fitted):
    surrogate, z = fitted
    draws = surrogate.model_on(feature_map).posterior(z[[0, 0, 1]]).rsample(torch.Size([2]))
    assert draws.isfinite().all()
