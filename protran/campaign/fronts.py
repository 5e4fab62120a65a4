"""From findings to fronts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from device_agents.counted_memory import counted_memory
from device_agents.flags import Flag
from device_agents.measurement import ProfileRequest, Provenance, Value
from protran.budgets import Budget
from protran.campaign.across import Across, objectives_across, with_values_across
from protran.campaign.attempts import MOST_ATTEMPTS
from protran.campaign.findings import Findings
from protran.campaign.own_errors import with_own_stderrs
from protran.campaign.problem import Problem
from protran.front import DominanceRule, Front, FrontCandidate, pareto_front
from protran.objectives import Objective
from protran.quantities import Quantity, value_name
from protran.report.plural import how_many
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.deployment import Runtime

MEASURED = (
    Quantity.LATENCY_S,
    Quantity.ENERGY_J,
    Quantity.PEAK_POWER_W,
    Quantity.CORE_SECONDS,
    Quantity.PEAK_RSS_BYTES,
)
UNVERIFIED = "errors are of short trainings: the campaign has not verified its front yet"


def front_of(  # noqa: PLR0913 - the parts of a question
    problem: Problem,
    findings: Findings,
    *,
    verified: bool,
    objectives: Sequence[Objective] | None = None,
    budgets: Sequence[Budget] | None = None,
    across: Across | None = None,
    confidence: float | None = None,
    dominance: DominanceRule = DominanceRule.MEAN,
) -> Front:
    """Returns the front of a campaign.

    Args:
        problem: what the campaign is about.
        findings: what it has seen.
        verified: only candidates that were trained at full fidelity; otherwise all of them, by short trainings.
        objectives: instead of the campaign's.
        budgets: instead of the campaign's.
        across: the front of candidates that are good on all devices, by their worst or their mean values.
        confidence: probability with which members must keep the budgets; None: their values must.
        dominance: what it takes to leave the front, see `protran.noisy_dominance`.

    Raises:
        InputError: there is one device only to look across, or the confidence is not a probability.
    """
    devices = [device.name for device in problem.devices]
    known = known_candidates(problem, findings, verified=verified)
    if dominance is DominanceRule.CONFIDENT:
        known = with_own_stderrs(problem, findings, known, verified=verified)
    wanted = problem.objectives if objectives is None else objectives
    if across is not None:
        known = with_values_across(known, wanted, devices, across)
        wanted = objectives_across(wanted, across)
    front = pareto_front(
        known,
        wanted,
        problem.budgets if budgets is None else budgets,
        campaigns=[problem.config.name],
        devices=devices,
        confidence=confidence,
        dominance=dominance,
    )
    notes = [*([] if verified else [UNVERIFIED]), *contention_notes(findings, front), *failure_notes(findings)]
    return dataclasses.replace(front, notes=(*notes, *front.notes))


def contention_notes(findings: Findings, front: Front) -> list[str]:
    """Returns a sentence where members of the front were measured on a machine that others used meanwhile."""
    keys = {member.candidate.key for member in front.candidates}
    contended = {
        key
        for (key, _), measurements in findings.measured.items()
        if key in keys and any(Flag.CONTENDED.value in measurement.flags for measurement in measurements)
    }
    if not contended:
        return []
    return [
        f"contended: others used the machine while {len(contended)} of {len(keys)} members were measured; their "
        f"latencies hold against each other, absolute times lean on the device's reference latency"
    ]


def failure_notes(findings: Findings) -> list[str]:
    """Returns one sentence for each kind of failure: how many candidates it cost, and one of the reasons."""
    rejected = {key: reason for key, reason in findings.unprofiled.items() if key in findings.rejected}
    unprofiled = {key: reason for key, reason in findings.unprofiled.items() if key not in findings.rejected}
    return [
        f"{how_many(len(reasons), 'candidate')} {what}, for example: {next(iter(reasons.values()))}"
        for what, reasons in (
            ("could not be profiled", unprofiled),
            (f"left out, after {MOST_ATTEMPTS} measurements on one device that were all rejected", rejected),
            ("could not be trained", findings.untrained),
        )
        if reasons
    ]


def known_candidates(problem: Problem, findings: Findings, *, verified: bool) -> list[FrontCandidate]:
    """Returns every usable candidate with a score, and all that is known of it.

    Verified candidates were measured again and scored at full fidelity with every seed of verification; only these
    seeds count, not the one that may have promoted them. The latency is the mean of both measurements: what they could
    have been chosen for by luck is below one percent there.
    """
    known = []
    fidelity, seeds = (problem.full, problem.verify_seeds) if verified else (problem.low, range(1))
    repeats = 2 if verified else 1
    for candidate in findings.candidates.values():
        error = findings.error(candidate, fidelity, seeds)
        scored = len(findings.errors_by_seed(candidate, fidelity, seeds)) == len(seeds)
        measured = all(len(findings.measured.get((candidate.key, d.identity), [])) >= repeats for d in problem.devices)
        if error is not None and scored and measured and findings.failure(candidate) is None:
            known.append(FrontCandidate(candidate, _values(problem, findings, candidate, error, verified=verified)))
    return known


def _values(
    problem: Problem, findings: Findings, candidate: Candidate, error: Value, *, verified: bool
) -> dict[str, Value]:
    values = {Quantity.ERROR.value: error, **counted_values(problem, candidate)}
    test_error = findings.test_error(candidate, problem.refit) if verified else None
    if test_error is not None:
        values[Quantity.TEST_ERROR.value] = test_error
    several = len(problem.devices) > 1
    for device in problem.devices:
        for quantity in MEASURED:
            value = findings.value(candidate, quantity, device.identity)
            if value is not None:
                values[value_name(quantity, device.name if several else None)] = value
    return values


def counted_values(problem: Problem, candidate: Candidate) -> dict[str, Value]:
    """Returns the values of a candidate that follow from its genes, without a measurement."""
    cost = count_candidate(candidate, problem.input_spec)
    return {
        Quantity.MEMORY_BYTES.value: _memory(problem, candidate),
        Quantity.PARAMETERS.value: _exact(float(cost.parameters)),
    }


def _memory(problem: Problem, candidate: Candidate) -> Value:
    """Returns the counted memory; all of a campaign's are estimates where those of some of its candidates are."""
    value = counted_memory(ProfileRequest(candidate, problem.input_spec, problem.workload, device_identity=""))
    estimated = any(deployment.runtime is not Runtime.TORCH for deployment in problem.space.deployments)
    return Value(value.value, None, Provenance.ESTIMATED_GENERIC) if estimated and value.value is not None else value


def _exact(number: float) -> Value:
    return Value(number, 0.0, Provenance.EXACT)
