"""What a campaign does next: a pure function of the problem, of the steps so far, and of the rows seen by then."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protran.campaign.findings import Findings
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.campaign.search_state import search_state
from protran.config import ProposerKind
from protran.optimize.gradient import GradientProposer
from protran.optimize.learn import assess, propose_profiles
from protran.optimize.proposer import Proposer
from protran.optimize.random_search import RandomProposer
from protran.optimize.select import select_front
from protran.optimize.state import Knowledge, SearchState
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample

FIRST_REPEAT = 2
"""Repeat number of a candidate's first repeat in the learn phase: 0 is its first profile, 1 verification's."""
_REPEATS, _REMARKS = "repeats", "remarks"


@dataclass(frozen=True)
class StepPlan:
    """The work of one step.

    Attributes:
        phase: the phase that it belongs to.
        candidates: whom it is about; what is done with them follows from the phase (see `protran.campaign.work`).
        promoted: known candidates that a search step also trains at full fidelity.
        notes: figures behind the plan, for example predicted relative errors.
        repeats: candidate key -> repeat number, of those that are measured again in the learn phase.
        remarks: sentences behind the plan: which other devices it starts from, and which it leaves out.
    """

    phase: Phase
    candidates: tuple[Candidate, ...]
    promoted: tuple[Candidate, ...] = ()
    notes: Mapping[str, float] = field(default_factory=dict)
    repeats: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def further_info(self) -> dict[str, Any]:
        """Returns what the ledger keeps of repeats and remarks; nothing where there are none."""
        further = {_REPEATS: dict(self.repeats), _REMARKS: list(self.remarks)}
        return {name: found for name, found in further.items() if found}

    def with_further_info(self, info: Mapping[str, Any]) -> StepPlan:
        """Returns this plan with the repeats and remarks that `further_info` wrote; older steps have none."""
        return dataclasses.replace(self, repeats=info.get(_REPEATS, {}), remarks=tuple(info.get(_REMARKS, ())))


class Planner:
    """Plans one campaign. Holds nothing that changes: the same past gives the same plan, in this process or another."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._effort = problem.config.effort
        self._proposer: Proposer = (
            RandomProposer() if problem.config.proposer is ProposerKind.RANDOM else GradientProposer()
        )

    def next_step(self, past: Sequence[StepPlan], findings: Findings, *, hurry: bool = False) -> StepPlan | None:
        """Returns the next step, or None when the campaign is complete.

        Args:
            past: the steps so far, all of their work answered.
            findings: what the rows seen by now say.
            hurry: the time is up: go to verification at once.
        """
        if not past:
            return self._seed()
        if self._problem.origin:
            return self._again(past, findings)
        if past[-1].phase is Phase.VERIFY:
            return None
        state = search_state(self._problem, findings, len(past))
        step = None if hurry else self._learn(past, state) or self._search(past, state, findings)
        return self._with_remarks(past, state, step) if step else self._verify(state)

    def _seed(self) -> StepPlan:
        if self._problem.origin:
            return StepPlan(Phase.SEED, self._problem.origin)
        space, config = self._problem.space, self._problem.config
        count = min(self._effort.seed_candidates, space.size)
        return StepPlan(Phase.SEED, tuple(sample(space, count, SamplingMethod.SOBOL, config.seed)))

    def _again(self, past: Sequence[StepPlan], findings: Findings) -> StepPlan | None:
        """Returns the verification of what an earlier campaign verified, apart from what cannot run here."""
        if past[-1].phase is Phase.VERIFY:
            return None
        usable = [candidate for candidate in self._problem.origin if findings.failure(candidate) is None]
        return StepPlan(Phase.VERIFY, tuple(usable))

    def _learn(self, past: Sequence[StepPlan], state: SearchState) -> StepPlan | None:
        if past[-1].phase not in (Phase.SEED, Phase.LEARN) or not state.of(Knowledge.HARDWARE):
            return None
        done = sum(len(step.candidates) for step in past if step.phase is Phase.LEARN)
        count = min(self._effort.learn_batch, self._effort.learn_profiles - done)
        if count <= 0:
            return None
        assessment = assess(state)
        errors = assessment.errors
        if errors and max(errors.values()) <= self._effort.target_error:
            return None
        notes = {f"predicted_error_{name}": error for name, error in errors.items() if math.isfinite(error)}
        notes |= {f"source_weight_{name}": weight for name, weight in assessment.weights.items()}
        if self._problem.config.proposer is ProposerKind.RANDOM:
            candidates, repeats = RandomProposer().propose(state, count), {}
        else:
            candidates = propose_profiles(state, count)
            repeats = _repeats(past, candidates)
        return StepPlan(Phase.LEARN, tuple(candidates), notes=notes, repeats=repeats) if candidates else None

    def _with_remarks(self, past: Sequence[StepPlan], state: SearchState, step: StepPlan) -> StepPlan:
        """Returns the step with what is to be said about sources, once in a campaign."""
        if not self._problem.sources or any(earlier.remarks for earlier in past):
            return step
        return dataclasses.replace(step, remarks=assess(state).remarks)

    def _search(self, past: Sequence[StepPlan], state: SearchState, findings: Findings) -> StepPlan | None:
        rounds = sum(step.phase is Phase.SEARCH for step in past)
        trained = sum(len(step.candidates) for step in past if step.phase in (Phase.SEED, Phase.SEARCH))
        count = self._effort.search_batch
        if self._effort.low_fidelity_trainings is not None:
            count = min(count, self._effort.low_fidelity_trainings - trained)
        if rounds >= self._effort.search_rounds or count <= 0:
            return None
        candidates = self._proposer.propose(state, count)
        return StepPlan(Phase.SEARCH, tuple(candidates), self._promoted(state, findings)) if candidates else None

    def _promoted(self, state: SearchState, findings: Findings) -> tuple[Candidate, ...]:
        """Returns the members of the front that are next to be trained at full fidelity.

        They show the surrogate what full fidelity changes, large models gain more than small ones, and verification
        needs these trainings anyway.
        """
        members = select_front(state, self._effort.verify_limit) if self._effort.search_promotions else []
        waiting = [candidate for candidate in members if findings.error(candidate, self._problem.full) is None]
        return tuple(waiting[: self._effort.search_promotions])

    def _verify(self, state: SearchState) -> StepPlan:
        return StepPlan(Phase.VERIFY, tuple(select_front(state, self._effort.verify_limit)))


def _repeats(past: Sequence[StepPlan], candidates: Sequence[Candidate]) -> dict[str, int]:
    """Returns the repeat numbers of those candidates that were profiled before; none is given twice."""
    asked = Counter(candidate.key for step in past for candidate in step.candidates)
    return {c.key: FIRST_REPEAT + asked[c.key] - 1 for c in candidates if asked[c.key]}
