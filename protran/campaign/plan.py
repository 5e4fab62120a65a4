"""What a campaign does next: a pure function of the problem, of the steps so far, and of the rows seen by then."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protran.campaign.findings import Findings
from protran.campaign.hurdles import hurdles_of
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.campaign.search_state import search_state
from protran.campaign.teacher import TEACHER, best_teacher
from protran.config import ProposerKind
from protran.optimize.gradient import GradientProposer
from protran.optimize.learn import assess, propose_profiles
from protran.optimize.proposal import Proposal
from protran.optimize.proposer import Proposer
from protran.optimize.random_search import RandomProposer
from protran.optimize.select import select_front
from protran.optimize.state import Knowledge, SearchState
from protran.report.architecture_line import architecture_line
from protran.training.hurdle import Hurdle
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample

FIRST_REPEAT = 2
"""Repeat number of a candidate's first repeat in the learn phase: 0 is its first profile, 1 verification's."""
_REPEATS, _REMARKS, _PROBES, _HURDLES = "repeats", "remarks", "probes", "hurdles"


@dataclass(frozen=True)
class StepPlan:
    """The work of one step.

    Attributes:
        phase: the phase that it belongs to.
        candidates: whom it is about; what is done with them follows from the phase (see `protran.campaign.work`).
        promoted: known candidates that a search step also trains at full fidelity.
        notes: figures behind the plan, for example predicted relative errors.
        repeats: candidate key -> repeat number, of those that are measured again in the learn phase.
        remarks: sentences behind the plan: which other devices it starts from, and which it leaves out; in
            verification, who teaches.
        teacher: whom the step's trainings at full fidelity learn from; None for labels alone.
        probes: further candidates of a search step, which are profiled and not trained: the next step may choose them.
        hurdles: scored candidate key -> what its short training must reach to go on; others run to their ends.
    """

    phase: Phase
    candidates: tuple[Candidate, ...]
    promoted: tuple[Candidate, ...] = ()
    notes: Mapping[str, float] = field(default_factory=dict)
    repeats: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    teacher: TrainingRequest | None = None
    probes: tuple[Candidate, ...] = ()
    hurdles: Mapping[str, Hurdle] = field(default_factory=dict)

    @property
    def work(self) -> dict[str, Any]:
        """All that the step's requests follow from, as JSON: equal for steps that ask for the same."""
        named = {"candidates": self.candidates, "promoted": self.promoted}
        lists = {name: [candidate.to_json() for candidate in found] for name, found in named.items()}
        further = {name: found for name, found in self.further_info().items() if name != _REMARKS}
        return {"phase": self.phase.value, **lists, **further}

    def further_info(self) -> dict[str, Any]:
        """Returns what the ledger keeps beside candidates, promoted ones and notes; nothing of what there is none."""
        further = {
            _REPEATS: dict(self.repeats),
            _REMARKS: list(self.remarks),
            TEACHER: {} if self.teacher is None else self.teacher.to_json(),
            _PROBES: [candidate.to_json() for candidate in self.probes],
            _HURDLES: {key: hurdle.to_json() for key, hurdle in self.hurdles.items()},
        }
        return {name: found for name, found in further.items() if found}

    def with_further_info(self, info: Mapping[str, Any]) -> StepPlan:
        """Returns this plan with what `further_info` wrote; older steps have less of it."""
        return dataclasses.replace(
            self,
            repeats=info.get(_REPEATS, {}),
            remarks=tuple(info.get(_REMARKS, ())),
            teacher=TrainingRequest.from_json(info[TEACHER]) if TEACHER in info else None,
            probes=tuple(Candidate.from_json(item) for item in info.get(_PROBES, ())),
            hurdles={key: Hurdle.from_json(item) for key, item in info.get(_HURDLES, {}).items()},
        )


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
        if step is None:
            return self._verify(state, self._teacher(past, findings))
        step = self._with_remarks(past, state, step)
        return dataclasses.replace(step, teacher=self._teacher(past, findings)) if step.promoted else step

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
        return StepPlan(Phase.VERIFY, tuple(usable), teacher=self._problem.teacher)

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
        proposal = self._proposal(state, count)
        if not proposal.candidates:
            return None
        step = StepPlan(Phase.SEARCH, proposal.candidates, self._promoted(state, findings), probes=proposal.probes)
        return dataclasses.replace(step, hurdles=self._hurdles(past, findings, proposal))

    def _proposal(self, state: SearchState, count: int) -> Proposal:
        if isinstance(self._proposer, GradientProposer):
            return self._proposer.propose_round(state, count, self._effort.probe_profiles)
        return Proposal(tuple(self._proposer.propose(state, count)))

    def _hurdles(self, past: Sequence[StepPlan], findings: Findings, proposal: Proposal) -> dict[str, Hurdle]:
        if not self._effort.early_stopping:
            return {}
        trained = [step for step in past if step.phase in (Phase.SEED, Phase.SEARCH)]
        asked = [candidate for step in trained for candidate in step.candidates]
        before = {key: hurdle for step in trained for key, hurdle in step.hurdles.items()}
        return hurdles_of(self._problem, findings, proposal, asked, before)

    def _promoted(self, state: SearchState, findings: Findings) -> tuple[Candidate, ...]:
        """Returns the members of the front that are next to be trained at full fidelity.

        They show the surrogate what full fidelity changes, large models gain more than small ones, and verification
        needs these trainings anyway.
        """
        members = select_front(state, self._effort.verify_limit) if self._effort.search_promotions else []
        waiting = [candidate for candidate in members if findings.error(candidate, self._problem.full) is None]
        return tuple(waiting[: self._effort.search_promotions])

    def _verify(self, state: SearchState, teacher: TrainingRequest | None) -> StepPlan:
        candidates = tuple(select_front(state, self._effort.verify_limit))
        remarks = () if self._problem.distilled is None else (_told(teacher),)
        return StepPlan(Phase.VERIFY, candidates, remarks=remarks, teacher=teacher)

    def _teacher(self, past: Sequence[StepPlan], findings: Findings) -> TrainingRequest | None:
        promoted = ((candidate, step.teacher) for step in past for candidate in step.promoted)
        return best_teacher(self._problem, promoted, findings)


def _told(teacher: TrainingRequest | None) -> str:
    """Returns the sentence on who teaches verified candidates."""
    if teacher is None:
        return "no model was trained at full fidelity before verification: verified models learn from labels alone"
    return f"verified models learn from {architecture_line(teacher.architecture)} as well"


def _repeats(past: Sequence[StepPlan], candidates: Sequence[Candidate]) -> dict[str, int]:
    """Returns the repeat numbers of those candidates that were profiled before; none is given twice."""
    asked = Counter(candidate.key for step in past for candidate in step.candidates)
    return {c.key: FIRST_REPEAT + asked[c.key] - 1 for c in candidates if asked[c.key]}
