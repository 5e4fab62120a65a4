from __future__ import annotations

import math

import pytest
import torch

from protran.optimize.pool_beliefs import OutputBelief, PoolBeliefs, View

DOUBLE = torch.float64


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(60, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)


@pytest.fixture
def y(x: torch.Tensor) -> torch.Tensor:
    noise = torch.randn(60, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    return (x[:, 0].sin() + 0.05 * noise).exp()


KNOWN = torch.arange(0, 60, 3)


def test_the_view_is_chosen_on_which_left_out_rows_are_likeliest(x: torch.Tensor, y: torch.Tensor) -> None:
    blind, seeing = View(x[:, 1:]), View(x[:, :1])
    for views in ([blind, seeing], [seeing, blind]):
        assert OutputBelief.fit(views, KNOWN, y[KNOWN]).x is seeing.x


def test_the_belief_is_about_the_logarithm(x: torch.Tensor, y: torch.Tensor) -> None:
    mean, variance = OutputBelief.fit([View(x)], KNOWN, y[KNOWN]).moments()
    assert float((mean - x[:, 0].sin()).abs().mean()) < 0.05
    assert float(variance.min()) >= 0.0


def test_known_rows_leave_no_doubt_of_themselves_and_less_of_others(x: torch.Tensor, y: torch.Tensor) -> None:
    output = OutputBelief.fit([View(x)], KNOWN, y[KNOWN])
    before, after = output.moments()[1], PoolBeliefs([output], KNOWN).variance[:, 0]
    assert float((after[KNOWN] / before[KNOWN]).max()) < 1e-3
    assert bool((after <= before + 1e-12).all())


def test_rows_known_one_by_one_leave_what_rows_known_at_once_leave(x: torch.Tensor, y: torch.Tensor) -> None:
    output = OutputBelief.fit([View(x)], KNOWN, y[KNOWN])
    at_once = PoolBeliefs([output], torch.cat([KNOWN, torch.tensor([4, 50])]))
    one_by_one = PoolBeliefs([output], KNOWN)
    for row in (4, 50):
        one_by_one.know(row)
    size = float(output.moments()[1].max())
    assert float((one_by_one.variance - at_once.variance).abs().max()) < 1e-3 * size


def test_a_part_of_the_rows_is_believed_as_before(x: torch.Tensor, y: torch.Tensor) -> None:
    whole = PoolBeliefs([OutputBelief.fit([View(x)], KNOWN, y[KNOWN])], KNOWN)
    rows = torch.tensor([50, 4, 7])
    part = whole.only(rows)
    torch.testing.assert_close(part.variance, whole.variance[rows])
    part.know(1)
    assert not torch.equal(part.variance, whole.variance[rows])
    whole.know(4)
    torch.testing.assert_close(part.variance, whole.variance[rows])
    assert math.isfinite(float(part.mean.sum()))
