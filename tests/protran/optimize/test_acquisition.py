from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from protran.optimize.acquisition import ChebyshevAcquisition, HypervolumeAcquisition, make_acquisition
from protran.optimize.beliefs import Belief, Beliefs
from protran.optimize.hypervolume import hypervolume
from protran.optimize.scales import Scale
from protran.optimize.state import ExactQuantity, Knowledge, SearchObjective
from protran.optimize.target import Target, make_target
from surrogates.hetero_gp import HeteroscedasticGP

FEATURES = 2
MODELLED = (
    SearchObjective("error", Knowledge.SCORE, Scale.LINEAR, Scale.LINEAR),
    SearchObjective.hardware("latency_s"),
)
EXACT = SearchObjective.exact(ExactQuantity.MEMORY_BYTES)


def rows_at(x: Tensor) -> Tensor:
    """Returns input rows: two features, fidelity, and the counted objective's logarithm."""
    return torch.cat([x, torch.ones(len(x), 1), 3.0 + x[:, :1] + 0.5 * x[:, 1:]], dim=-1).double()


def make_beliefs(count: int = 8, noise: float = 0.05, seed: int = 0) -> tuple[Beliefs, Tensor]:
    """Returns beliefs about two modelled objectives and an exact one, and the known rows behind them."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, FEATURES, generator=generator).double()
    error = 0.6 - 0.5 * x[:, 0] + noise * torch.randn(count, generator=generator).double()
    latency = (x[:, 0] + x[:, 1] - 5.0).exp()
    surrogate = HeteroscedasticGP([False, True])
    variances = torch.stack([torch.full_like(error, noise**2), (0.01 * latency).square()], dim=-1)
    surrogate.fit(x, torch.stack([error, latency], dim=-1), variances)
    inputs = SimpleNamespace(exact_columns=lambda: [FEATURES + 1])
    return Beliefs(inputs, (*MODELLED, EXACT), (Belief(surrogate, [0, 1]),)), rows_at(x)  # type: ignore[arg-type]


def by_sampling(beliefs: Beliefs, target: Target, known: Tensor, row: Tensor, draws: int) -> float:
    """Returns the expected hypervolume improvement in gains, by brute force over the joint belief."""
    mean, covariance = beliefs.joint(torch.cat([known, row]))
    factor = torch.linalg.cholesky(covariance + 1e-9 * torch.eye(len(known) + 1))
    normal = torch.randn(draws, *mean.shape, generator=torch.Generator().manual_seed(1)).double()
    drawn = (mean + (factor @ normal.unsqueeze(-1)).squeeze(-1)).transpose(-1, -2)
    gains = target.gain(drawn)
    gains = torch.where((gains >= target.floors).all(-1, keepdim=True), gains, -1.0).numpy()
    nought = np.zeros(gains.shape[-1])
    return float(np.mean([hypervolume(-g, nought) - hypervolume(-g[:-1], nought) for g in gains]))


def test_it_is_the_expected_hypervolume_improvement() -> None:
    beliefs, known = make_beliefs()
    target = make_target(beliefs, known, {})
    acquisition = HypervolumeAcquisition(beliefs, target, known, np.random.default_rng(0), draws=32)
    candidates = rows_at(torch.tensor([[1.0, 0.0], [0.9, 0.6]]))
    expected = [by_sampling(beliefs, target, known, row.unsqueeze(0), draws=120) for row in candidates]
    np.testing.assert_allclose(acquisition.score(candidates).exp().numpy(), expected, rtol=0.3, atol=1e-3)


def test_under_a_budget_it_is_the_expected_improvement_by_keepers() -> None:
    beliefs, known = make_beliefs()
    limit = float(beliefs.mean(known)[:, 1].exp().median())
    target = make_target(beliefs, known, {"latency_s": limit})
    acquisition = HypervolumeAcquisition(beliefs, target, known, np.random.default_rng(0), draws=32)
    keeper, breaker = rows_at(torch.tensor([[0.6, 0.0]])), rows_at(torch.tensor([[1.0, 1.0]]))
    expected = by_sampling(beliefs, target, known, keeper, draws=120)
    assert acquisition.score(keeper).exp().item() == pytest.approx(expected, rel=0.3, abs=1e-3)
    assert acquisition.score(breaker).item() < np.log(1e-6)


def test_the_budget_is_kept_with_the_probability_that_the_belief_says() -> None:
    beliefs, known = make_beliefs()
    rows = rows_at(torch.tensor([[0.3, 0.4], [0.9, 0.8]]))
    mean = beliefs.mean(rows)
    target = make_target(beliefs, known, {"latency_s": float(mean[0, 1].exp())})
    excess = target.excess(mean)
    assert excess[0].item() == pytest.approx(0.0, abs=1e-9)
    assert excess[1] > 0


def test_a_pending_candidate_is_worth_little_a_second_time() -> None:
    beliefs, known = make_beliefs()
    target = make_target(beliefs, known, {})
    best = rows_at(torch.tensor([[0.95, 0.05]]))
    before = HypervolumeAcquisition(beliefs, target, known, np.random.default_rng(0), draws=16)
    after = HypervolumeAcquisition(beliefs, target, torch.cat([known, best]), np.random.default_rng(0), draws=16)
    assert after.score(best).item() < before.score(best).item() - 2.0


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_gradients_agree_with_finite_differences(count: int) -> None:
    beliefs, known = make_beliefs()
    if count == 5:
        beliefs = Beliefs(beliefs.inputs, (*MODELLED, *MODELLED, EXACT), beliefs.modelled * 2)
    elif count < 3:
        beliefs = Beliefs(SimpleNamespace(exact_columns=list), MODELLED, beliefs.modelled)  # type: ignore[arg-type]
    if count == 1:
        one = HeteroscedasticGP([False])
        one.fit(known[:, :2], 0.6 - 0.5 * known[:, :1])
        beliefs = Beliefs(beliefs.inputs, MODELLED[:1], (Belief(one, [0, 1]),))
    target = make_target(beliefs, known, {"error": 0.5})
    acquisition = make_acquisition(beliefs, target, known, np.random.default_rng(0))
    assert isinstance(acquisition, HypervolumeAcquisition if count in (2, 3) else ChebyshevAcquisition)
    x = rows_at(torch.tensor([[0.85, 0.15], [0.6, 0.3]])).requires_grad_(True)
    assert torch.autograd.gradcheck(acquisition, x, atol=1e-3, rtol=1e-3, eps=1e-6)


def test_hopeless_candidates_still_have_a_slope() -> None:
    beliefs, known = make_beliefs(noise=1e-3)
    target = make_target(beliefs, known, {})
    acquisition = HypervolumeAcquisition(beliefs, target, known, np.random.default_rng(0), draws=4)
    row = rows_at(torch.tensor([[-3.0, 6.0]])).requires_grad_(True)
    value = acquisition(row)
    (gradient,) = torch.autograd.grad(value.sum(), row)
    assert torch.isfinite(value).all()
    assert gradient[:, :2].abs().sum() > 0


def test_one_objective_prefers_what_is_expected_to_improve_it() -> None:
    _, known = make_beliefs()
    surrogate = HeteroscedasticGP([False])
    surrogate.fit(known[:, :2], 0.6 - 0.5 * known[:, :1])
    inputs = SimpleNamespace(exact_columns=list)
    beliefs = Beliefs(inputs, MODELLED[:1], (Belief(surrogate, [0, 1]),))  # type: ignore[arg-type]
    target = make_target(beliefs, known, {})
    acquisition = ChebyshevAcquisition(beliefs, target, known, np.random.default_rng(0))
    good, bad = acquisition.score(rows_at(torch.tensor([[1.2, 0.5], [0.0, 0.5]]))).tolist()
    assert good > bad
