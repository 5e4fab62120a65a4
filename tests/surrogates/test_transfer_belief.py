from __future__ import annotations

import math

import pytest
import torch

from surrogates import transfer_belief
from surrogates.transfer_belief import LEVEL_VARIANCE, SLOPE_SD, SMOOTHNESS, TransferBelief


def rows(count: int, seed: int = 0):
    """Features, two sources' answers, and a device that costs the first source's square root times a constant."""
    draws = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 3, generator=draws, dtype=torch.float64)
    answers = torch.stack([x[:, 0] + 0.5 * x[:, 1], x[:, 0] - x[:, 2]], dim=-1)
    return x, answers, 0.5 * answers[:, 0] - 4.0


def believe(count: int = 12, noise: float = 0.0) -> TransferBelief:
    x, answers, y = rows(count)
    return TransferBelief.fit(x, answers, y, torch.full_like(y, noise))


def dense(belief: TransferBelief, x, answers, setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance by the textbook, from explicit weights: level, slope on the mean, contrasts, residual."""
    contrast, residual, noise = setting.tolist()
    everything = torch.cat([belief.answers, answers]) - belief.answers.mean(0)
    mean = everything.mean(-1, keepdim=True)
    basis = torch.cat([torch.ones_like(mean), mean, everything - mean], dim=-1)
    prior = torch.tensor([LEVEL_VARIANCE, SLOPE_SD**2, *[contrast**2] * answers.shape[1]], dtype=x.dtype).diag()
    points = torch.cat([belief.x, x])
    scaled = torch.cdist(points, points) * math.sqrt(5.0 / (2.0 * points.shape[1])) / SMOOTHNESS
    matern = (1 + scaled + scaled.square() / 3) * (-scaled).exp()
    whole = basis @ prior @ basis.T + residual**2 * (matern + points @ points.T / points.shape[1])
    count = len(belief.y)
    known = whole[:count, :count] + (belief.known_noise + noise**2).diag()
    solved = torch.linalg.solve(known, whole[:count, count:])
    level = (belief.y - belief.answers.mean(-1)).mean()
    expected = belief.answers.mean(-1) + level
    at = answers.mean(-1) + level + solved.T @ (belief.y - expected)
    return at, (whole[count:, count:] - whole[count:, :count] @ solved).diagonal()


def test_one_setting_gives_the_textbooks_posterior(monkeypatch):
    for name, value in {"CONTRASTS": (0.3,), "RESIDUALS": (0.1,), "NOISES": (0.05,)}.items():
        monkeypatch.setattr(transfer_belief, name, value)
    belief = believe(7, noise=0.01)
    x, answers, _ = rows(5, seed=1)
    mean, aleatoric, epistemic = belief.log_moments(x, answers, torch.zeros_like(answers))
    expected, variance = dense(belief, x, answers, belief.settings[0])
    assert torch.allclose(mean, expected, atol=1e-6)
    assert torch.allclose(epistemic, variance, atol=1e-6)
    assert torch.allclose(aleatoric, torch.full_like(mean, 0.05**2 + 0.01))


def test_leaving_one_out_is_what_the_others_say(monkeypatch):
    for name, value in {"CONTRASTS": (0.3,), "RESIDUALS": (0.1,), "NOISES": (0.05,)}.items():
        monkeypatch.setattr(transfer_belief, name, value)
    belief = believe(6)
    x, answers, y = belief.x, belief.answers, belief.y
    # the level a priori and the centre are those of all rows, so the others' posterior is asked with these
    whole = belief._covariance(x, answers)[0] + 0.05**2 * torch.eye(6, dtype=x.dtype)
    surprise = y - belief._prior_mean(answers)
    for row in range(6):
        others = torch.arange(6) != row
        said = whole[row, others] @ torch.linalg.solve(whole[others][:, others], surprise[others])
        assert belief.leave_one_out()[row] == pytest.approx(float(y[row] - surprise[row] + said), abs=1e-9)


def test_a_slope_other_than_one_is_learned_from_ten_rows():
    belief = believe(10)
    x, answers, y = rows(50, seed=1)
    mean = belief.log_moments(x, answers, torch.zeros_like(answers))[0]
    assert float((mean - y).abs().max()) < 0.1


def test_uncertainty_grows_where_sources_disagree():
    x, answers, y = rows(10)
    agreeing = answers[:, :1].expand(-1, 2).clone()  # both sources say the same at the device's rows
    belief = TransferBelief.fit(x, agreeing, y, torch.zeros_like(y))
    there = x[:1].expand(2, -1)
    said = torch.stack([agreeing[0], agreeing[0] + torch.tensor([1.5, -1.5])])
    epistemic = belief.log_moments(there, said, torch.zeros_like(said))[2]
    assert epistemic[1] > 4.0 * epistemic[0]


def test_what_the_sources_do_not_know_adds_to_the_uncertainty():
    belief = believe()
    x, answers, _ = rows(3, seed=1)
    sure, unsure = (belief.log_moments(x, answers, torch.full_like(answers, v))[2] for v in (0.0, 0.2))
    assert (unsure > sure + 0.2 * 0.5**2 / 2).all()  # the slope on the first source is about a half


def test_many_rows_are_thinned(monkeypatch):
    monkeypatch.setattr(transfer_belief, "MOST_ROWS", 5)
    assert len(believe(12).y) == 4


def test_an_equal_belief_is_built_from_the_state():
    belief = believe()
    again = TransferBelief.from_state(belief.to_state())
    x, answers, _ = rows(4, seed=1)
    one, other = (b.log_moments(x, answers, torch.zeros_like(answers)) for b in (belief, again))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
