from __future__ import annotations

import pytest
import torch
from torch import Tensor

from protran.optimize.ascent import ascend


def test_ascent_finds_the_top_inside_the_cube() -> None:
    top = torch.tensor([0.3, 0.7], dtype=torch.float64)
    ends = ascend(lambda z: -(z - top).square().sum(-1), torch.rand(5, 2).double(), steps=80, rate=0.1)
    torch.testing.assert_close(ends, top.expand(5, 2), atol=0.02, rtol=0.0)


def test_ascent_stops_at_the_faces_of_the_cube() -> None:
    ends = ascend(lambda z: z[:, 0] - z[:, 1], torch.full((1, 2), 0.5).double(), steps=40, rate=0.1)
    assert ends.tolist() == [[1.0, 0.0]]


def test_starts_do_not_influence_each_other() -> None:
    def value(z: Tensor) -> Tensor:
        return torch.sin(5 * z).sum(-1)

    starts = torch.tensor([[0.1, 0.9], [0.6, 0.2]], dtype=torch.float64)
    together = ascend(value, starts, steps=15, rate=0.05)
    alone = torch.cat([ascend(value, start.unsqueeze(0), steps=15, rate=0.05) for start in starts])
    torch.testing.assert_close(together, alone)


def test_the_best_point_on_the_way_is_returned_even_if_the_path_leaves_it() -> None:
    start = torch.tensor([[0.5]], dtype=torch.float64)
    ends = ascend(lambda z: -(z[:, 0] - 0.5).abs(), start, steps=10, rate=0.3)
    assert ends.item() == 0.5


def test_a_value_without_a_gradient_leaves_a_start_where_it_is() -> None:
    start = torch.full((2, 3), 0.4, dtype=torch.float64)
    ends = ascend(lambda z: z.sum(-1) * torch.nan, start, steps=5, rate=0.1)
    torch.testing.assert_close(ends, start)


def test_no_starts_give_no_ends() -> None:
    assert len(ascend(lambda z: z.sum(-1), torch.empty(0, 3), steps=5, rate=0.1)) == 0


@pytest.mark.parametrize("second_order", [False, True])
def test_no_point_leaves_the_trust_region_of_its_start(second_order: bool) -> None:
    starts = torch.tensor([[0.5, 0.5], [0.95, 0.1]], dtype=torch.float64)
    ends = ascend(
        lambda z: z[:, 0] - z[:, 1] + 0.01 * z.square().sum(-1),
        starts,
        steps=40,
        rate=0.1,
        radius=0.2,
        second_order=second_order,
    )
    torch.testing.assert_close(ends, torch.tensor([[0.7, 0.3], [1.0, 0.0]], dtype=torch.float64), atol=1e-3, rtol=0)


def test_the_second_order_finds_the_top_of_a_narrow_ridge_sooner() -> None:
    def ridge(z: Tensor) -> Tensor:
        return -1e4 * (z[:, 0] - 0.3).square() - (z[:, 1] - 0.7).square()

    starts = torch.full((1, 2), 0.5, dtype=torch.float64)
    found = [ridge(ascend(ridge, starts, steps=12, rate=0.1, second_order=order)).item() for order in (False, True)]
    assert found[1] > 0.2 * found[0]  # both are below 0, the top


def test_the_second_order_is_the_same_for_the_same_seed() -> None:
    def value(z: Tensor) -> Tensor:
        return (z[:, 0] * torch.sin(4 * z[:, 1])).exp()

    starts = torch.rand(3, 2, generator=torch.Generator().manual_seed(1)).double()
    ends = [ascend(value, starts, steps=8, rate=0.1, second_order=True, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])
