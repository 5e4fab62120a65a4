"""From findings to the state that a proposer is given."""

from __future__ import annotations

import dataclasses
import math
import statistics

from protran.campaign.findings import Findings
from protran.campaign.problem import Problem
from protran.fidelity import Fidelity
from protran.optimize.noise import mean_error_variance
from protran.optimize.state import ExactQuantity, Knowledge, Observation, SearchObjective, SearchState
from protran.quantities import Quantity
from search_spaces.candidate import Candidate

_EXACT = {Quantity.MEMORY_BYTES: ExactQuantity.MEMORY_BYTES, Quantity.PARAMETERS: ExactQuantity.PARAMETERS}


def search_state(problem: Problem, findings: Findings, step: int) -> SearchState:
    """Returns all that the proposal of `step` depends on.

    Candidates are in the order of their keys, so that the answer does not depend on the order in which jobs ended.
    """
    wanted = _wanted(problem)
    observations: list[Observation] = []
    known = [findings.candidates[key] for key in sorted(findings.candidates)]
    for candidate in known:  # one that could not be trained still teaches what it costs
        observations += _observations(problem, findings, candidate, wanted)
    budgets: dict[str, float] = {}
    for budget in problem.budgets:
        budgets[budget.name] = min(budget.limit, budgets.get(budget.name, math.inf))
    return SearchState(
        space=problem.space,
        input_spec=problem.input_spec,
        objectives=tuple(_objective(name, quantity) for name, (quantity, _) in wanted.items()),
        observations=tuple(observations),
        budgets=budgets,
        seed=problem.config.seed,
        step=step,
        excluded=tuple(candidate for candidate in known if _is_out(problem, findings, candidate)),
        batch_size=problem.workload.batch_size,
        sources=problem.sources,
    )


def hardware_quantities(problem: Problem) -> tuple[str, ...]:
    """Returns the quantities that the search of this problem believes about from measurements."""
    wanted = dict.fromkeys(quantity for quantity, _ in _wanted(problem).values())
    return tuple(q.value for q in wanted if _objective(q.value, q).knowledge is Knowledge.HARDWARE)


def _wanted(problem: Problem) -> dict[str, tuple[Quantity, str | None]]:
    """Returns name -> quantity and device of each objective, then of each budget that is on none of them.

    The search cannot keep a budget on something that it does not look at, so such a quantity is searched for too.
    """
    wanted: dict[str, tuple[Quantity, str | None]] = {}
    for objective in problem.objectives:
        wanted[objective.name] = (objective.quantity, objective.device)
    for budget in problem.budgets:
        wanted.setdefault(budget.name, (budget.quantity, budget.device))
    return wanted


def _is_out(problem: Problem, findings: Findings, candidate: Candidate) -> bool:
    """Returns whether a candidate failed, or was stopped as hopeless: it is neither trained nor verified again."""
    return findings.failure(candidate) is not None or bool(findings.stops(candidate, problem.low))


def _objective(name: str, quantity: Quantity) -> SearchObjective:
    if quantity in _EXACT:
        return SearchObjective.exact(_EXACT[quantity])
    if quantity is Quantity.ERROR:
        return SearchObjective.error_rate(name)
    return SearchObjective.hardware(name)


def _observations(
    problem: Problem, findings: Findings, candidate: Candidate, wanted: dict[str, tuple[Quantity, str | None]]
) -> list[Observation]:
    """Returns one row for the hardware values, and one for each fidelity at which the candidate was scored.

    A training that was stopped counts as one of the epochs that it had, with what it had reached. As its learning rate
    had not fallen yet, that is less than a training as short as that reaches.
    """
    rows: list[Observation] = []
    values: dict[str, float] = {}
    variances: dict[str, float] = {}
    counts: dict[str, int] = {}
    shared: dict[str, float] = {}
    for name, (quantity, device) in wanted.items():
        if not quantity.on_device:
            continue
        value = findings.value(candidate, quantity, problem.identity(device))
        if value is not None and value.value is not None:
            values[name] = value.value
            if value.stderr:
                variances[name] = value.stderr**2
            counts[name], common = findings.repeats(candidate, quantity, problem.identity(device))
            shared[name] = (common * value.value) ** 2
    if values:
        rows.append(Observation(candidate, values, variances, counts=counts, shared=shared))
    for fidelity in dict.fromkeys((problem.low, problem.full)):
        errors = findings.errors_by_seed(candidate, fidelity)
        if errors:
            score = {Quantity.ERROR.value: statistics.fmean(errors)}
            # every candidate is scored on the same windows, so only the seeds' noise stands between them
            noise = {Quantity.ERROR.value: mean_error_variance(errors, None)}
            rows.append(Observation(candidate, score, noise, _share_of_full(fidelity, problem)))
    for evaluation in findings.stops(candidate, problem.low):
        errors = [1.0 - evaluation.metrics["validation_accuracy"]]
        score, noise = {Quantity.ERROR.value: errors[0]}, {Quantity.ERROR.value: mean_error_variance(errors, None)}
        used = dataclasses.replace(problem.low, epochs=max(1, evaluation.epochs))
        rows.append(Observation(candidate, score, noise, _share_of_full(used, problem)))
    return rows


def _share_of_full(fidelity: Fidelity, problem: Problem) -> float:
    """Returns the windows that a training at `fidelity` sees, as a share of what one at full fidelity sees."""
    return fidelity.epochs * fidelity.share / (problem.full.epochs * problem.full.share)
