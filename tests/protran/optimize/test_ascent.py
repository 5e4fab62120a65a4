from __future__ import annotations

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
