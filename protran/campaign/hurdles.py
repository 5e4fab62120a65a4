"""Whose training is hopeless: what each must reach after each epoch, so that the front is not out of its reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from device_agents.measurement import Value
from protran.campaign.findings import Findings
from protran.campaign.fronts import known_candidates
from protran.campaign.problem import Problem
from protran.optimize.noise import SEED_SPREAD
from protran.optimize.proposal import Proposal
from protran.quantities import Quantity
from protran.training.hurdle import Hurdle
from protran.training.scored import scored_candidate
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment

FEWEST_HISTORIES = 12
"""Finished trainings below which nothing is known of what late epochs bring: nothing is stopped."""
DIGITS = 4


@dataclass(frozen=True)
class StoppingRule:
    """When a training is hopeless.

    Attributes:
        quantile: of what finished trainings still gained after an epoch. The default is the largest gain; a lower
            quantile saves more and stops members of the front (`benchmarks.early_stopping`).
        margin: accuracy by which a rival must be out of reach; by default the spread between seeds of one model.
    """

    quantile: float = 1.0
    margin: float = SEED_SPREAD


def hurdles_of(
    problem: Problem,
    findings: Findings,
    proposal: Proposal,
    asked: Sequence[Candidate],
    before: Mapping[str, Hurdle],
    rule: StoppingRule = StoppingRule(),
) -> dict[str, Hurdle]:
    """Returns scored candidate key -> hurdle, of those of a proposal whose short training may be stopped.

    A candidate is hopeless once even the largest gain that a finished training of the same fidelity made after this
    epoch would leave it dominated: behind the error of a rival that costs no more in any other objective than the
    candidate at least costs. So a small model with a bad error goes on, where nothing as small is better. A pure
    function of its arguments.

    Only plain candidates are stopped, in fp32 and alone with their architecture: other deployments start from the same
    weights. What was asked for before keeps the hurdle that it had, so that it is the same training.

    Args:
        problem: what the campaign is about.
        findings: what the rows seen by now say.
        proposal: whom to train, and what each costs at least.
        asked: who was to be trained at low fidelity before.
        before: scored candidate key -> hurdle, of these.
        rule: when a training is hopeless.

    Source: the comparison with histories of finished trainings is that of Golovin et al., "Google Vizier: A Service
    for Black-Box Optimization" (KDD 2017), section 3.1.1; there, with their median.
    """
    gains = later_gains(problem, findings, rule.quantile)
    rivals = [member.values for member in known_candidates(problem, findings, verified=False)]
    shared = Counter(candidate.architecture for candidate in (*asked, *proposal.candidates))
    found: dict[str, Hurdle] = {}
    for candidate, costs in zip(proposal.candidates, proposal.least or repeat({})):  # noqa: B905 - repeat never ends
        scored = scored_candidate(candidate)
        if scored.key in before:
            found[scored.key] = before[scored.key]
        elif gains is not None and scored.deployment == Deployment() and shared[candidate.architecture] == 1:
            goal = accuracy_to_beat(problem, rivals, costs)
            needed = np.clip((goal or 0.0) - rule.margin - gains, 0.0, 1.0).round(DIGITS)
            if needed.any():
                found[scored.key] = Hurdle(tuple(float(accuracy) for accuracy in needed))
    return found


def later_gains(problem: Problem, findings: Findings, quantile: float) -> npt.NDArray[np.float64] | None:
    """Returns a quantile of what short trainings gained after each epoch but the last; None where too few are known.

    It is the accuracy in the end less the best until that epoch, and may be below 0: weights are chosen by loss.
    """
    epochs = problem.low.epochs
    rows: list[npt.NDArray[np.float64]] = []
    for (_, fidelity), evaluations in sorted(findings.scored.items(), key=lambda item: item[0][0]):
        for evaluation in evaluations if fidelity == problem.low else ():
            history = evaluation.details.get("history", ())[:epochs]
            reached = [record["validation_accuracy"] for record in history]
            if len(reached) == epochs and evaluation.deployment == Deployment():
                best = np.maximum.accumulate(np.array(reached, dtype=np.float64))
                rows.append(evaluation.metrics["validation_accuracy"] - best[:-1])
    if len(rows) < FEWEST_HISTORIES or epochs < 2:
        return None
    return np.asarray(np.quantile(np.stack(rows), quantile, axis=0), dtype=np.float64)


def accuracy_to_beat(
    problem: Problem, rivals: Sequence[Mapping[str, Value]], costs: Mapping[str, float]
) -> float | None:
    """Returns the best accuracy of a rival within the budgets that costs no more than `costs`; None without one.

    Args:
        problem: names objectives and budgets.
        rivals: what is known of candidates with a score.
        costs: objective name -> value, of all objectives but the error.
    """
    names = [objective.name for objective in problem.objectives if objective.quantity is not Quantity.ERROR]
    if not names or any(name not in costs for name in names):
        return None
    errors = []
    for values in rivals:
        error = values[Quantity.ERROR.value].value
        cheaper = all(_at_most(values.get(name), costs[name]) for name in names)
        kept = all(_at_most(values.get(budget.name), budget.limit) for budget in problem.budgets)
        if cheaper and kept and error is not None:
            errors.append(error)
    return 1.0 - min(errors) if errors else None


def _at_most(value: Value | None, limit: float) -> bool:
    return value is not None and value.value is not None and value.value <= limit
