"""ProTran's search: gradients through relaxed genes, cost, surrogates and acquisition; projection; discrete polish."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from protran.optimize.acquisition import make_acquisition
from protran.optimize.ascent import ascend
from protran.optimize.beliefs import can_believe, fit_beliefs
from protran.optimize.hypervolume import non_dominated
from protran.optimize.measured import Measured, measured_of, profiled_keys
from protran.optimize.polish import polish
from protran.optimize.pool import Pool
from protran.optimize.probes import doubtful_hardware, least_costs, next_best
from protran.optimize.proposal import Proposal
from protran.optimize.proposer import Proposer, check_batch_size
from protran.optimize.seeds import child_generator, child_seed, deterministic_torch
from protran.optimize.space_filling import space_filling
from protran.optimize.starts import fill_pool, start_points
from protran.optimize.state import Knowledge, SearchState, finite_names
from protran.optimize.target import make_target, to_volume
from search_spaces.candidate import Candidate

PENALTY = 1e3
"""Log acquisition lost per unit of expected excess over a budget: keepers always come before breakers."""


@dataclass(frozen=True)
class GradientSettings:
    """Effort of one proposal.

    Attributes:
        draws: low-discrepancy candidates scored before the ascent.
        starts: best of them that ascend (half as many, perturbed, join from the known front).
        steps: gradient steps for the first of a batch; half as many for each later one.
        rate: first step size, in edges of the unit cube.
        climbers: best candidates whose neighbours are looked at in each round of the polish.
        rounds: rounds of the polish.
        limit: neighbours per climber.
        fronts: draws of the front over which the acquisition is averaged; even.
        radius: trust region of each ascent, in edges of the unit cube; 1 is the whole cube.
        second_order: ascend by AdaHessian rather than Adam, as BOSHNAS does.
        straight_through: let the ascent look at the nearest candidates of its points, through which gradients pass.
    """

    draws: int = 256
    starts: int = 10
    steps: int = 16
    rate: float = 0.08
    climbers: int = 4
    rounds: int = 3
    limit: int = 32
    fronts: int = 8
    radius: float = 1.0
    second_order: bool = False
    straight_through: bool = False


class GradientProposer(Proposer):
    """Proposes what is expected to add most hypervolume under the budgets, one candidate after the other.

    Objectives that can be counted are used exactly. Where a modelled objective has fewer than two observations (before
    the first profiles, or after every training has failed) there is nothing to climb: until there is, it proposes a
    low-discrepancy sample that keeps the budgets on counted objectives.
    """

    def __init__(self, settings: GradientSettings | None = None) -> None:
        self._settings = settings if settings is not None else GradientSettings()

    def propose(self, state: SearchState, batch_size: int) -> list[Candidate]:
        """Returns up to `batch_size` candidates; see `Proposer.propose`."""
        return list(self.propose_round(state, batch_size).candidates)

    def propose_round(self, state: SearchState, batch_size: int, probes: int = 0) -> Proposal:
        """Returns up to `batch_size` candidates to train, and up to `probes` more that are worth a profile alone.

        A probe's profile is for the next round: it is among those that are chosen from then, with its hardware known.
        """
        check_batch_size(batch_size)
        with deterministic_torch(child_seed(state.seed, state.step, "torch")):
            if not can_believe(state):
                return Proposal(tuple(space_filling(state, batch_size)))
            return _Round(state, self._settings).run(batch_size, probes)


class _Round:
    """One proposal round: beliefs, acquisition, and the pool of candidates that its batch shares."""

    def __init__(self, state: SearchState, settings: GradientSettings) -> None:
        self._state = state
        self._settings = settings
        self._beliefs = fit_beliefs(state)
        inputs = self._beliefs.inputs
        known = _baseline(state)
        baseline = inputs.of_candidates(known)
        self._target = make_target(self._beliefs, baseline, state.budgets)
        self._acquisition = make_acquisition(
            self._beliefs,
            self._target,
            torch.cat([baseline, inputs.of_candidates(state.pending)]),
            child_generator(state.seed, state.step, "acquisition"),
            settings.fronts,
        )
        mean = self._beliefs.mean(baseline)
        front = non_dominated(to_volume(self._beliefs.objectives, mean).numpy())
        keepers_first = self._target.excess(mean).argsort(stable=True).tolist()
        self._members = [known[i] for i in keepers_first if front[i]]
        self._pool = Pool(inputs, state.taken())
        fill_pool(self._pool, state, self._members, settings.draws)
        profiled = profiled_keys(state)
        # all of them are in the pool from the start: whoever joins it later was never measured
        self._known = [i for i, candidate in enumerate(self._pool.candidates) if candidate.key in profiled]
        named = [self._pool.candidates[place] for place in self._known]
        self._measured = measured_of(state, self._beliefs.objectives, named)

    def run(self, batch_size: int, probes: int) -> Proposal:
        """Returns the batch, best first."""
        chosen: list[int] = []
        for number in range(batch_size):
            scores = self._explore(number)
            if len(chosen) == len(self._pool):
                break  # the space holds no more
            scores[chosen] = -torch.inf
            place = int(scores.argmax())
            chosen.append(place)
            self._take(place)
        return Proposal(
            tuple(self._pool.candidates[place] for place in chosen),
            tuple(self._pool.candidates[place] for place in self._probes(chosen, probes)),
            tuple(self._least(chosen)),
        )

    def _probes(self, chosen: list[int], count: int) -> list[int]:
        """Returns the places of the next-best that were never profiled, and of which a profile would tell something."""
        if not count:
            return []
        free = doubtful_hardware(self._beliefs, self._pool.rows)
        free[chosen] = False
        free[self._known] = False
        return next_best(self._pool_scores, free, self._take, count)

    def _take(self, place: int) -> None:
        self._acquisition.add_pending(self._pool.rows[place : place + 1])

    def _least(self, chosen: list[int]) -> list[dict[str, float]]:
        """Returns what the chosen cost at least."""
        named = [self._pool.candidates[place] for place in chosen]
        measured = measured_of(self._state, self._beliefs.objectives, named)
        return least_costs(self._beliefs, self._pool.rows[chosen], measured)

    def _explore(self, number: int) -> Tensor:
        """Adds where ascents from the best of the pool end, decoded, polishes, and returns the pool's scores."""
        state, settings, pool = self._state, self._settings, self._pool
        scores = self._pool_scores()
        places = pool.add(self._climb(scores, number))
        scores = torch.cat([scores, self._score(pool.rows[places])])
        generator = child_generator(state.seed, state.step, f"polish {number}")
        effort = {"climbers": settings.climbers, "rounds": settings.rounds, "limit": settings.limit}
        return polish(pool, scores, self._score, state.space, generator, **effort)

    def _climb(self, scores: Tensor, number: int) -> list[Candidate]:
        settings, inputs = self._settings, self._beliefs.inputs
        order = scores.argsort(descending=True, stable=True)[: settings.starts].tolist()
        generator = child_generator(self._state.seed, self._state.step, f"perturbation {number}")
        encoding = inputs.features.encoding
        best, members = [self._pool.candidates[i] for i in order], self._members[: settings.starts // 2]
        z = start_points(encoding, best, members, generator)
        # what the first climb found is in the pool, so that later ones start nearer to their tops
        steps = settings.steps if number == 0 else settings.steps // 2
        ends = ascend(
            self._worth,
            z,
            steps=steps,
            rate=settings.rate,
            radius=settings.radius,
            second_order=settings.second_order,
            seed=child_seed(self._state.seed, self._state.step, f"curvature {number}"),
        )
        return encoding.decode_many(ends.numpy())

    def _worth(self, z: Tensor) -> Tensor:
        """Returns the acquisition at relaxed points `n x d`, differentiable."""
        inputs = self._beliefs.inputs
        return self._acquisition(inputs.of_relaxed(inputs.projected(z) if self._settings.straight_through else z))

    def _pool_scores(self) -> Tensor:
        """Returns the acquisition of the whole pool; what was measured of a candidate stands before the belief."""
        scores = self._score(self._pool.rows)
        if self._known:
            scores[self._known] = self._score(self._pool.rows[self._known], self._measured)
        return scores

    def _score(self, rows: Tensor, measured: Measured | None = None) -> Tensor:
        """Returns the acquisition of candidates, lowered for those expected to break a budget."""
        mean = self._beliefs.mean(rows)
        excess = self._target.excess(mean if measured is None else measured.over(mean, mean)[0])
        return self._acquisition.score(rows, measured).nan_to_num(nan=-torch.inf) - PENALTY * excess


def _baseline(state: SearchState) -> list[Candidate]:
    """Returns the distinct candidates that improvement is counted from: scored, or, without scores, observed ones."""
    scores = {objective.name for objective in state.of(Knowledge.SCORE)}
    rows = [row for row in state.observations if not scores or scores & finite_names(row)]
    return list({row.candidate.key: row.candidate for row in rows}.values())
