"""The work that a campaign with given candidates has ahead: what no answer in the ledger can be taken over for."""

from __future__ import annotations

from dataclasses import dataclass

from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.work import profiles_of, trainings_of
from protran.ledger.ledger import Ledger
from protran.ledger.records import RequestKind


@dataclass(frozen=True)
class WorkAhead:
    """How many profiles and trainings there are to do; rejected profiles, which are asked again, not foreseen."""

    profiles: int
    trainings: int


def work_ahead(ledger: Ledger, problem: Problem) -> WorkAhead:
    """Returns what a campaign that begins with `problem.origin` has to do, where all good answers may be taken over."""
    steps = [StepPlan(phase, problem.origin, teacher=problem.teacher) for phase in (Phase.SEED, Phase.VERIFY)]
    trainings = {request.training_key for step in steps for request in trainings_of(problem, step)}
    profiles = {request.request_id for step in steps for request in profiles_of(problem, step)}
    profiled = ledger.well_answered(RequestKind.PROFILE, profiles)
    trained = ledger.well_answered(RequestKind.TRAINING, trainings)
    return WorkAhead(len(profiles - profiled), len(trainings - trained))
