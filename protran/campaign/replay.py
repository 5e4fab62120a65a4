"""Replaying a campaign: does the ledger's past give the same proposals again?"""

from __future__ import annotations

from dataclasses import dataclass

from protran.campaign.campaign import HURRY, plan_of
from protran.campaign.findings import findings_of
from protran.campaign.plan import Planner, StepPlan
from protran.campaign.problem import Problem
from protran.ledger.ledger import Ledger


@dataclass(frozen=True)
class ReplayedStep:
    """A step as it was recorded, and as it is planned again from the rows that had been seen."""

    number: int
    recorded: StepPlan
    replayed: StepPlan | None

    @property
    def same(self) -> bool:
        """Whether the work that they ask for agrees, in its order; notes and remarks do not count."""
        return self.replayed is not None and self.recorded.work == self.replayed.work


def replay(problem: Problem, ledger: Ledger, campaign_id: int) -> list[ReplayedStep]:
    """Returns every step of a campaign, recorded and planned again. Nothing is measured, trained or written."""
    planner = Planner(problem)
    records = ledger.steps(campaign_id)
    plans = [plan_of(record) for record in records]
    replayed: list[ReplayedStep] = []
    for number, (record, plan) in enumerate(zip(records, plans, strict=True)):
        findings = findings_of(ledger.rows(campaign_id, record.seen))
        again = planner.next_step(plans[:number], findings, hurry=bool(record.info.get(HURRY, False)))
        replayed.append(ReplayedStep(number, plan, again))
    return replayed
