from __future__ import annotations

import pytest
import torch

from protran.optimize.baselines.botorch import log_noisy_improvement_points
from protran.optimize.seeds import deterministic_torch


@pytest.mark.slow
def test_points_lie_in_the_cube_differ_and_come_again_with_the_seed() -> None:
    x = torch.rand(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = torch.stack([x[:, 0] + 1.0, 2.0 - x[:, 0] + x[:, 1]], dim=-1)
    found = []
    for _ in range(2):
        with deterministic_torch(0):
            found.append(log_noisy_improvement_points(x, y, 2))
    assert torch.equal(*found)
    assert found[0].shape == (2, 2)
    assert bool(((found[0] >= 0) & (found[0] <= 1)).all())
    assert not torch.equal(found[0][0], found[0][1])
