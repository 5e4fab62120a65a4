"""Where gradient ascent starts: the best of a low-discrepancy sample, and near what is known to be good."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from protran.optimize.pool import Pool
from protran.optimize.seeds import child_generator, child_seed
from protran.optimize.state import SearchState
from search_spaces.candidate import Candidate
from search_spaces.encoding import Encoding
from search_spaces.neighbors import neighbors
from search_spaces.sampling import SamplingMethod, sample

NEIGHBORS_PER_MEMBER = 24
PERTURBATION = 0.1  # standard deviation, in edges of the cube


def fill_pool(pool: Pool, state: SearchState, members: list[Candidate], draws: int) -> None:
    """Adds a Sobol sample of the space, every profiled candidate without a score, and the front members' neighbours."""
    seed = child_seed(state.seed, state.step, "starts")
    pool.add(sample(state.space, min(draws, state.space.size), SamplingMethod.SOBOL, seed))
    pool.add(row.candidate for row in state.observations)
    generator = child_generator(state.seed, state.step, "starts: neighbours")
    for member in members:
        pool.add(neighbors(state.space, member, generator, NEIGHBORS_PER_MEMBER))


def start_points(
    encoding: Encoding, best: list[Candidate], members: list[Candidate], generator: np.random.Generator
) -> Tensor:
    """Returns points of the unit cube, `n x d`: the encodings of `best`, and those of `members` perturbed."""
    points = [np.empty((0, encoding.dimension))]
    if best:
        points.append(encoding.encode_many(best))
    if members:
        known = encoding.encode_many(members)
        points.append(np.clip(known + generator.normal(0.0, PERTURBATION, known.shape), 0.0, 1.0))
    return torch.as_tensor(np.concatenate(points), dtype=torch.float64)
