"""Whether trainings of a model went backwards: a reference that the recipe does not suit makes members look good."""

from __future__ import annotations

from protran.campaign.findings import Findings
from protran.campaign.problem import Problem
from protran.training.scored import scored_candidate
from search_spaces.candidate import Candidate

RISE = 1.1
"""A training went backwards whose training loss ended so many times above its least.

On `watch`, 28 trainings of the example campaign at full fidelity (911 to 158,259 parameters) ended at most 1.023 times
above; four of the preset t1, whose loss rose for good after some epochs, 1.29 times and more.
"""


def went_backwards(problem: Problem, findings: Findings, candidate: Candidate) -> tuple[int, int]:
    """Returns how many of a candidate's trainings in verification went backwards, and how many there were.

    Those that kept no history count as well.
    """
    key = scored_candidate(candidate).key
    evaluations = [
        evaluation
        for fidelity in (problem.full, problem.refit)
        for evaluation in findings.scored.get((key, fidelity), [])
        if evaluation.seed in problem.verify_seeds
    ]
    losses = [[entry["train_loss"] for entry in item.details.get("history", [])] for item in evaluations]
    return sum(bool(loss) and loss[-1] > RISE * min(loss) for loss in losses), len(losses)
