"""What stopping hopeless trainings early would have saved in finished campaigns, and whom it would have stopped.

    python -m benchmarks.early_stopping [--runs FOLDER]

Reads the ledger, trains nothing. Every search step of every finished campaign is planned again from the rows that had
been seen by then: the hurdles of `protran.campaign.hurdles` are held against the recorded history of each short
training. A training that is stopped is taken out of what later steps see. Seconds saved are the training's, times the
share of epochs that it would not have had.

The rule needs to know what a candidate costs. `believed`: from the surrogates at that step, with 95 %, as a campaign
does. `measured`: from the candidate's own profile, as if all had been profiled a round before. `front` counts stopped
candidates that were members of the verified front in the end.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from protran.campaign.campaign import plan_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import front_of
from protran.campaign.hurdles import StoppingRule, hurdles_of
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.search_state import search_state
from protran.ledger.evaluation import Evaluation
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRow
from protran.optimize.beliefs import can_believe, fit_beliefs
from protran.optimize.measured import measured_of
from protran.optimize.probes import least_costs
from protran.optimize.proposal import Proposal
from protran.optimize.state import SearchState
from protran.training.hurdle import Hurdle
from protran.training.scored import scored_candidate
from search_spaces.candidate import Candidate

QUANTILES, MARGINS, HARDWARE = (1.0, 0.9, 0.8), (0.02, 0.0), ("believed", "measured")


@dataclass
class Past:
    """A finished campaign."""

    name: str
    problem: Problem
    steps: list[tuple[StepPlan, int]]
    rows: list[CampaignRow]
    members: frozenset[str]
    costs: dict[tuple[int, str], tuple[Mapping[str, float], ...]] = field(default_factory=dict)

    def least(self, number: int, hardware: str) -> tuple[Mapping[str, float], ...]:
        """Returns what the candidates of a step cost at least, by what was known then; worked out once."""
        if (number, hardware) not in self.costs:
            step, seen = self.steps[number]
            state = search_state(self.problem, findings_of(self.rows[:seen]), number)
            later = search_state(self.problem, findings_of(self.rows), number)
            self.costs[number, hardware] = least_of(state, step.candidates, later if hardware == "measured" else state)
        return self.costs[number, hardware]


@dataclass
class Saving:
    """What a rule did in one campaign."""

    trainings: int = 0
    core_s: float = 0.0
    stopped: int = 0
    saved_s: float = 0.0
    members: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    print("| campaign | hardware | quantile | margin | stopped | core-seconds saved | of all trainings | front |")
    print("|---|---|---|---|---|---|---|---|")
    for past in finished(arguments.runs / "ledger.sqlite"):
        every_s = sum(_core_s(row.evaluation) for row in past.rows if row.evaluation is not None)
        for hardware in HARDWARE:
            for rule in (StoppingRule(quantile, margin) for quantile in QUANTILES for margin in MARGINS):
                found = saving(past, rule, hardware)
                print(
                    f"| {past.name} | {hardware} | {rule.quantile:g} | {rule.margin:g} | {found.stopped} of "
                    f"{found.trainings} | {found.saved_s:.1f} of {found.core_s:.1f} | {found.saved_s / every_s:.1%} | "
                    f"{found.members} of {len(past.members)} |"
                )


def finished(path: Path) -> Iterator[Past]:
    """Yields the finished campaigns of a ledger that have searched."""
    with Ledger.open(path, read_only=True) as ledger:
        for record in ledger.campaigns():
            problem, rows = read_charter(record.config), list(ledger.rows(record.id))
            steps = [(plan_of(step), step.seen) for step in ledger.steps(record.id)]
            if record.phase == Phase.DONE.value and any(step.phase is Phase.SEARCH for step, _ in steps):
                front = front_of(problem, findings_of(rows), verified=True)
                members = frozenset(member.candidate.key for member in front.candidates)
                yield Past(record.name, problem, steps, rows, members)


def saving(past: Past, rule: StoppingRule, hardware: str) -> Saving:
    """Returns what a rule would have done to the short trainings of a campaign's search."""
    found, gone = Saving(), set[str]()
    ended, asked = findings_of(past.rows), list[Candidate]()
    for number, (step, seen) in enumerate(past.steps):
        if step.phase is Phase.SEARCH:
            known = findings_of(row for row in past.rows[:seen] if _key(row) not in gone)
            proposal = Proposal(step.candidates, least=past.least(number, hardware))
            hurdles = hurdles_of(past.problem, known, proposal, asked, {}, rule)
            for candidate in step.candidates:
                gone |= _run(past, ended, candidate, hurdles, found)
        if step.phase in (Phase.SEED, Phase.SEARCH):
            asked += step.candidates
    return found


def least_of(
    state: SearchState, candidates: tuple[Candidate, ...], profiled: SearchState
) -> tuple[dict[str, float], ...]:
    """Returns what candidates cost at least, by the beliefs of one state and the measurements of another."""
    if not can_believe(state):
        return ()
    beliefs = fit_beliefs(state)
    rows = beliefs.inputs.of_candidates(candidates)
    return tuple(least_costs(beliefs, rows, measured_of(profiled, beliefs.objectives, candidates)))


def _run(past: Past, ended: Findings, candidate: Candidate, hurdles: Mapping[str, Hurdle], found: Saving) -> set[str]:
    """Adds one training to `found`; returns its key if it is stopped."""
    scored = scored_candidate(candidate)
    evaluations = ended.scored.get((scored.key, past.problem.low), [])
    if not evaluations:
        return set()
    core_s, history = _core_s(evaluations[0]), evaluations[0].details.get("history", ())
    found.trainings, found.core_s = found.trainings + 1, found.core_s + core_s
    hurdle, reached, epochs = hurdles.get(scored.key), 0.0, past.problem.low.epochs
    for record in history[: epochs - 1]:
        reached = max(reached, record["validation_accuracy"])
        if hurdle is not None and hurdle.stop(record["epoch"], reached) is not None:
            found.stopped += 1
            found.saved_s += core_s * (1 - record["epoch"] / epochs)
            found.members += candidate.key in past.members
            return {evaluations[0].training_key}
    return set()


def _core_s(evaluation: Evaluation) -> float:
    return float(evaluation.details.get("train_core_s", evaluation.train_s))


def _key(row: CampaignRow) -> str | None:
    return None if row.evaluation is None else row.evaluation.training_key


if __name__ == "__main__":
    main()
