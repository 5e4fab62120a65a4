"""The baseline: a fresh low-discrepancy sample of the space at each step."""

from __future__ import annotations

from protran.optimize.proposer import Proposer, check_batch_size
from protran.optimize.seeds import child_seed
from protran.optimize.state import SearchState
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample


class RandomProposer(Proposer):
    """Proposes at random, blind to every observation; budgets are ignored.

    Args:
        method: how the space is sampled.
    """

    def __init__(self, method: SamplingMethod = SamplingMethod.RANDOM) -> None:
        self._method = method

    def propose(self, state: SearchState, batch_size: int) -> list[Candidate]:
        """Returns up to `batch_size` candidates of a seeded sample that are not taken."""
        check_batch_size(batch_size)
        taken = state.taken()
        # among more draws than there are taken ones, enough are free, if the space holds them
        draws = min(state.space.size, batch_size + len(taken))
        drawn = sample(state.space, draws, self._method, child_seed(state.seed, state.step, "random search"))
        return [candidate for candidate in drawn if candidate.key not in taken][:batch_size]
