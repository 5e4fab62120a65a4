"""The known candidates of a large campaign, sooner: what `known_candidates` returns, with genes counted in array form.

Counting one by one takes about a millisecond each, most of what a page of thousands of candidates would take.
"""

from __future__ import annotations

from collections.abc import Sequence

from device_agents.measurement import Provenance, Value
from device_agents.repeats import mean_of_repeats
from device_agents.workload import WorkloadKind
from protran.campaign.findings import Findings
from protran.campaign.fronts import MEASURED, known_candidates
from protran.campaign.problem import Problem
from protran.front import FrontCandidate
from protran.quantities import Quantity, value_name
from search_spaces.candidate import Candidate
from search_spaces.cost import count, memory_bytes
from search_spaces.deployment import Runtime
from search_spaces.genes import genes_of

FEW = 500
"""Below this, the one by one of everybody else is quick enough."""
_BLOCK = 1000


def known_members(problem: Problem, findings: Findings, *, verified: bool, few: int = FEW) -> list[FrontCandidate]:
    """Returns every usable candidate with a score, and all that is known of it, as `known_candidates`.

    Args:
        problem: what the campaign is about.
        findings: what it has seen.
        verified: as there.
        few: up to so many candidates are counted one by one.
    """
    if verified or len(findings.candidates) <= few or problem.workload.kind is not WorkloadKind.INFERENCE:
        return known_candidates(problem, findings, verified=verified)
    scored: list[tuple[str, Candidate, Value]] = []
    for key, candidate in findings.candidates.items():
        if not all(findings.measured.get((key, device.identity)) for device in problem.devices):
            continue
        error = findings.error(candidate, problem.low, range(1))
        if error is not None and findings.failure(candidate) is None:
            scored.append((key, candidate, error))
    counted = _counted(problem, [candidate for _, candidate, _ in scored])
    return [
        FrontCandidate(candidate, {Quantity.ERROR.value: error, **values, **_measured(problem, findings, key)})
        for (key, candidate, error), values in zip(scored, counted, strict=True)
    ]


def _counted(problem: Problem, candidates: Sequence[Candidate]) -> list[dict[str, Value]]:
    """Returns memory and parameters of each candidate."""
    spaces_torch = all(deployment.runtime is Runtime.TORCH for deployment in problem.space.deployments)
    found: list[dict[str, Value]] = []
    for start in range(0, len(candidates), _BLOCK):
        block = candidates[start : start + _BLOCK]
        cost = count(genes_of(block), problem.input_spec)
        memories = memory_bytes(cost, problem.workload.batch_size)
        for candidate, memory, parameters in zip(block, memories.tolist(), cost.parameters.tolist(), strict=True):
            exact = spaces_torch and candidate.deployment.runtime is Runtime.TORCH
            found.append(
                {
                    Quantity.MEMORY_BYTES.value: Value(memory, 0.0, Provenance.EXACT)
                    if exact
                    else Value(memory, None, Provenance.ESTIMATED_GENERIC),
                    Quantity.PARAMETERS.value: Value(parameters, 0.0, Provenance.EXACT),
                }
            )
    return found


def _measured(problem: Problem, findings: Findings, key: str) -> dict[str, Value]:
    several = len(problem.devices) > 1
    found = {}
    for device in problem.devices:
        for quantity in MEASURED:
            value = mean_of_repeats(findings.measured.get((key, device.identity), []), quantity.value)
            if value is not None:
                found[value_name(quantity, device.name if several else None)] = value
    return found
