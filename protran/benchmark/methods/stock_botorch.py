"""Stock BoTorch: qLogNEHVI on the space's encoding, without physics."""

from __future__ import annotations

import numpy as np
import torch

from protran.benchmark.methods.base import check_objectives
from protran.benchmark.methods.started import StartedMethod
from protran.benchmark.pool import Pool
from protran.optimize.baselines.botorch import log_noisy_improvement_points
from protran.optimize.seeds import child_seed, deterministic_torch


class StockBoTorch(StartedMethod):
    """Asks for the rows nearest to the summits of BoTorch's acquisition."""

    batch = 4

    def __init__(self, pool: Pool, seed: int) -> None:
        check_objectives(pool)
        super().__init__(pool, seed)

    def promising(self, count: int) -> list[int]:
        """Returns `count` open rows, each nearest to one point of a batch, and closes them."""
        x, y = torch.as_tensor(self.pool.points[self.rows]), torch.as_tensor(np.stack(self.values))
        with deterministic_torch(child_seed(self.seed, len(self.rows), "stock botorch")):
            points = log_noisy_improvement_points(x, y, count)
        return [self.open.snap(point) for point in points.numpy()]
