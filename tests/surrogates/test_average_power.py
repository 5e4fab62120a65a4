from __future__ import annotations

import pytest
import torch

from surrogates.average_power import AveragePower
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.validation import score


def rows(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Energy and latency of four features; latency is crooked, power nearly constant."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 4, generator=generator, dtype=torch.float64)
    latency = (3.0 * x[:, :1] + (6.0 * x[:, 1:2]).sin() + x[:, 2:3]).exp()
    power = (0.1 * x[:, 3:]).exp()
    noise = (0.02 * torch.randn(count, 2, generator=generator, dtype=torch.float64)).exp()
    return x, torch.cat([latency * power, latency], dim=-1) * noise


def test_latencies_of_rows_without_energy_teach_energy():
    x, y = rows(260)
    known = y[:60].clone()
    known[8:, 0] = torch.nan
    together, alone = AveragePower(), HeteroscedasticGP()
    for surrogate in (together, alone):
        surrogate.fit(x[:60], known)
    errors = [score(surrogate.predict(x[60:]), y[60:])[0].mape for surrogate in (together, alone)]
    assert errors[0] < 0.5 * errors[1]


def test_energy_is_the_product_and_its_relative_variances_add_up():
    x, y = rows(20)
    surrogate, factors = AveragePower(), HeteroscedasticGP()
    surrogate.fit(x, y)
    factors.fit(x, torch.stack([y[:, 0] / y[:, 1], y[:, 1]], dim=-1))
    found, parts = surrogate.predict(x), factors.predict(x)
    assert torch.allclose(found.mean[:, 0], parts.mean.prod(-1))
    shares = torch.log1p(parts.total_var / parts.mean.square()).sum(-1)
    assert torch.allclose(torch.log1p(found.total_var / found.mean.square())[:, 0], shares)
    assert torch.equal(found.mean[:, 1], parts.mean[:, 1])


def test_leave_one_out_is_the_product_of_the_factors_too():
    x, y = rows(20)
    surrogate = AveragePower()
    surrogate.fit(x, y)
    unseen = surrogate.leave_one_out()
    assert ((unseen.mean - y) / y).abs().mean() > ((surrogate.predict(x).mean - y) / y).abs().mean()
    assert ((unseen.mean - y) / y).abs().median() < 0.3


@pytest.mark.parametrize(("energy", "latency"), [(0, 1), (2, 0)])
def test_outputs_are_named_by_their_numbers(tmp_path, energy, latency):
    x, y = rows(20)
    placed = torch.ones(20, 3, dtype=torch.float64)
    placed[:, energy], placed[:, latency] = y[:, 0], y[:, 1]
    surrogate = AveragePower(energy, latency)
    surrogate.fit(x, placed)
    surrogate.save(tmp_path)
    loaded = AveragePower.load(tmp_path)
    assert (loaded.energy, loaded.latency) == (energy, latency)
    assert ((loaded.predict(x).mean[:, energy] - y[:, 0]) / y[:, 0]).abs().mean() < 0.1


def test_rows_without_both_measures_are_refused():
    x, y = rows(6)
    y[:3, 0], y[2:, 1] = torch.nan, torch.nan
    with pytest.raises(SurrogateError, match="at least 2 rows with both energy and latency, got 0"):
        AveragePower().fit(x, y)


def test_an_output_that_is_not_there_is_refused():
    x, y = rows(6)
    with pytest.raises(SurrogateError, match="expected at least 4 outputs, energy and latency among them, got 2"):
        AveragePower(3, 0).fit(x, y)
