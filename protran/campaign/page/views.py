"""The views of a campaign: which values of which candidates can be compared with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from protran.campaign.findings import Findings
from protran.campaign.fronts import contention_notes
from protran.campaign.own_errors import with_own_stderrs
from protran.campaign.page.known import known_members
from protran.campaign.problem import Problem
from protran.front import FrontCandidate, pareto_front
from protran.objectives import Objective
from protran.quantities import Quantity, value_name
from protran.report.page.view_table import columns_for

VERIFIED, SHORT = "verified", "short"
_TITLES = {VERIFIED: "Verified", SHORT: "All, by short trainings"}
_NOTES = {
    VERIFIED: "Trained at full fidelity with several seeds, and measured again after they were chosen.",
    SHORT: "Every candidate with a score. Errors are of one short training each: good enough to search by, no claim.",
}


def known_by_view(problem: Problem, findings: Findings) -> dict[str, list[FrontCandidate]]:
    """Returns the candidates of each view with their values, in the order of first sight; a view may be empty."""
    return {name: known_members(problem, findings, verified=name == VERIFIED) for name in (VERIFIED, SHORT)}


def view_documents(
    problem: Problem, findings: Findings, known: Mapping[str, Sequence[FrontCandidate]], places: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Returns the views that have members, the one to show first in front.

    Args:
        problem: what the campaign is about.
        findings: what it has seen.
        known: by name of the view.
        places: candidate key -> its place among the document's candidates.
    """
    devices = _devices_of_values(problem)
    views = []
    for name, members in known.items():
        if not members:
            continue
        front = pareto_front(members, problem.objectives, problem.budgets)
        keys = keys_of(findings, members)
        own = {key: place for place, key in enumerate(keys)}
        compared = with_own_stderrs(problem, findings, members, verified=name == VERIFIED)
        views.append(
            {
                "id": name,
                "title": _TITLES[name],
                "note": _NOTES[name],
                "members": [places[key] for key in keys],
                "columns": columns_for(compared, problem.objectives, devices),
                "front": [own[member.candidate.key] for member in front.candidates],
                "nearest_misses": [
                    {"member": own[miss.member.candidate.key], "excess": miss.to_json()["excess"]}
                    for miss in front.nearest_misses
                ],
                "notes": [*contention_notes(findings, front), *front.notes],
            }
        )
    return views


def keys_of(findings: Findings, members: Sequence[FrontCandidate]) -> list[str]:
    """Returns the keys of members whose candidates are those of the findings: each is a hash, worked out before."""
    known = {id(candidate): key for key, candidate in findings.candidates.items()}
    return [known.get(id(member.candidate)) or member.candidate.key for member in members]


def objective_points(
    findings: Findings, known: Sequence[FrontCandidate], objectives: Sequence[Objective]
) -> list[tuple[str, list[float]]]:
    """Returns (candidate key, its objectives) of those of whom all objectives are known."""
    found = []
    for key, member in zip(keys_of(findings, known), known, strict=True):
        numbers = [member.number(objective.name) for objective in objectives]
        if all(number is not None for number in numbers):
            found.append((key, [number for number in numbers if number is not None]))
    return found


def _devices_of_values(problem: Problem) -> dict[str, str]:
    """Returns value name -> device, of the values that belong to one."""
    several = len(problem.devices) > 1
    return {
        value_name(quantity, device.name if several else None): device.name
        for device in problem.devices
        for quantity in Quantity
        if quantity.on_device
    }
