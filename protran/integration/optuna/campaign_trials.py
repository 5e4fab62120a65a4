"""The candidates of a campaign as finished trials of Optuna."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from device_agents.measurement import Value
from protran.budgets import Budget
from protran.campaign.findings import Findings
from protran.campaign.fronts import MEASURED, known_candidates
from protran.campaign.problem import Problem
from protran.front import FrontCandidate
from protran.integration.optuna.genes import GeneParameters
from protran.quantities import Direction, value_name
from protran.report.architecture_line import candidate_line
from search_spaces.candidate import Candidate

CONSTRAINTS = "constraints"
"""The system attribute with one number for each budget, as Optuna's samplers write it: dashboards of any age and
Optuna itself read this form, and only new ones that with a name for each."""
BROKEN = 1.0
"""Constraint of a budget whose value is not known: an unknown value keeps no budget."""


@dataclass(frozen=True)
class CampaignTrial:
    """One candidate as far as it is known.

    Attributes:
        identity: candidate key and fidelity; equal ones are the same trial.
        trial: finished; complete, failed with a reason, or pruned where it was profiled but not trained.
    """

    identity: str
    trial: FrozenTrial


def campaign_trials(problem: Problem, findings: Findings, phases: dict[str, str]) -> Iterator[CampaignTrial]:
    """Yields a trial for each candidate that was profiled, in the order of first sight.

    Verified values take the place of those of short trainings.

    Args:
        problem: what the campaign is about.
        findings: what it has seen.
        phases: candidate key -> the phase that proposed or verified it.
    """
    parameters = GeneParameters(problem.space)
    short, full = (
        {member.candidate.key: member for member in known_candidates(problem, findings, verified=verified)}
        for verified in (False, True)
    )
    for key, candidate in findings.candidates.items():
        about = {**_described(findings, candidate), "phase": phases.get(key, "")}
        reason = findings.failure(candidate)
        names = [objective.name for objective in problem.objectives]
        member = full.get(key) or short.get(key)
        made: dict[str, Any]
        if reason is not None:
            fidelity, made = "failed", {"state": TrialState.FAIL, "user_attrs": {"reason": reason}}
        elif member is not None and all(member.number(name) is not None for name in names):
            fidelity = "full" if key in full else "short"
            made = _complete(problem, member, names)
        else:
            fidelity = "profiled"
            made = {"state": TrialState.PRUNED, "user_attrs": _values(_measured(problem, findings, candidate))}
        made["user_attrs"] = {**about, **made["user_attrs"], "fidelity": fidelity}
        made |= {"params": parameters.of_candidate(candidate), "distributions": parameters.distributions}
        yield CampaignTrial(f"{key} {fidelity}", create_trial(**made))


def directions_of(problem: Problem) -> list[StudyDirection]:
    """Returns which way each objective is better."""
    return [
        StudyDirection.MAXIMIZE if objective.direction is Direction.MAXIMISE else StudyDirection.MINIMIZE
        for objective in problem.objectives
    ]


def _complete(problem: Problem, member: FrontCandidate, names: list[str]) -> dict[str, Any]:
    constraints = [_constraint(budget, member.number(budget.name)) for budget in problem.budgets]
    return {
        "state": TrialState.COMPLETE,
        "values": [member.number(name) for name in names],
        "user_attrs": _values(dict(member.values), without=names),
        "system_attrs": {CONSTRAINTS: constraints} if constraints else {},
    }


def _constraint(budget: Budget, value: float | None) -> float:
    """Returns by what part of its limit a value is above it, negative where it is below; above a limit of 0, itself."""
    if value is None:
        return BROKEN
    return (value - budget.limit) / budget.limit if budget.limit > 0 else value - budget.limit


def _described(findings: Findings, candidate: Candidate) -> dict[str, Any]:
    """Returns what is said of every candidate."""
    measurements = [item for (key, _), items in findings.measured.items() if key == candidate.key for item in items]
    return {
        "candidate": candidate.key,
        "summary": candidate_line(candidate),
        "genes": candidate.to_json(),
        "flags": sorted({flag for measurement in measurements for flag in measurement.flags}),
    }


def _measured(problem: Problem, findings: Findings, candidate: Candidate) -> dict[str, Value]:
    """Returns what was measured of a candidate that has no score."""
    several = len(problem.devices) > 1
    return {
        value_name(quantity, device.name if several else None): value
        for device in problem.devices
        for quantity in MEASURED
        if (value := findings.value(candidate, quantity, device.identity)) is not None
    }


def _values(values: dict[str, Value], without: list[str] | None = None) -> dict[str, Any]:
    """Returns values, standard errors and provenances as attributes; `without`: names whose values stand elsewhere."""
    known = {name: value for name, value in values.items() if value.value is not None}
    return {
        **{name: value.value for name, value in known.items() if name not in (without or ())},
        "stderr": {name: value.stderr for name, value in known.items()},
        "provenance": {name: value.provenance.value for name, value in values.items()},
    }
