"""What stock BoTorch would evaluate next: its processes, its qLogNEHVI, its optimiser, on the unit cube."""

from __future__ import annotations

import warnings

import torch
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from botorch.models.transforms import Standardize
from botorch.optim import optimize_acqf
from botorch.sampling.normal import SobolQMCNormalSampler
from gpytorch.mlls import SumMarginalLogLikelihood
from torch import Tensor

from surrogates.botorch_model import forgo_compiled_kernel

DRAWS = 16
CUT = 0.05
"""Boxes with a smaller share of the volume are merged: exact decompositions take a minute per batch."""
FIT_STEPS = 50
CLIMB_STEPS = 30
RESTARTS = 2
RAW_STARTS = 64


def log_noisy_improvement_points(x: Tensor, y: Tensor, count: int) -> Tensor:
    """Returns the `count x d` points of the unit cube that are to be evaluated next.

    The reference point is the worst observed value of each objective. The choices that save time are named in this
    module; everything else is BoTorch's default. Draws from torch's global generator.

    Source: Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (NeurIPS 2023).

    Args:
        x: `n x d`, evaluated points.
        y: `n x m`, their observed values, to minimise.
        count: how many points, optimised one by one.
    """
    forgo_compiled_kernel()
    gains = -y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that stop early, and of input that has no range
        models = [SingleTaskGP(x, gain.unsqueeze(-1), outcome_transform=Standardize(m=1)) for gain in gains.unbind(-1)]
        model = ModelListGP(*models)
        fit_gpytorch_mll(
            SumMarginalLogLikelihood(model.likelihood, model), optimizer_kwargs={"options": {"maxiter": FIT_STEPS}}
        )
        acquisition = qLogNoisyExpectedHypervolumeImprovement(
            model=model,
            ref_point=gains.amin(0).tolist(),
            X_baseline=x,
            sampler=SobolQMCNormalSampler(torch.Size([DRAWS])),
            prune_baseline=True,
            alpha=CUT,
        )
        points: Tensor = optimize_acqf(
            acquisition,
            bounds=torch.stack([torch.zeros_like(x[0]), torch.ones_like(x[0])]),
            q=count,
            num_restarts=RESTARTS,
            raw_samples=RAW_STARTS,
            options={"maxiter": CLIMB_STEPS, "batch_limit": RESTARTS},
            sequential=True,
        )[0]
    return points.detach()
