"""How well the search's beliefs predicted what was measured next: each step is predicted from what it had seen.

The surrogates are fitted again to the rows that each step's proposal was a function of, and asked about those of its
candidates that were new. So every prediction was made without the value that it is compared with.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from protran.campaign.findings import Findings, findings_of
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.campaign.search_state import search_state
from protran.ledger.records import CampaignRow, StepRecord
from protran.optimize.state import Knowledge, SearchObjective, SearchState
from protran.quantities import Quantity, split_device
from protran.report.page.rounding import evenly, rounded
from search_spaces.candidate import Candidate

LEVEL = 0.9
"""Probability of the predicted intervals."""
MOST_STEPS = 8
MOST_ROWS = 240
"""The seconds of a fit grow with the cube of the rows: later steps are left out."""


def calibration_of(
    problem: Problem, findings: Findings, rows: Sequence[CampaignRow], steps: Sequence[StepRecord]
) -> dict[str, Any]:
    """Returns predictions beside what was then measured, by objective, with the share inside the intervals."""
    usable = [step for step in steps if step.phase in (Phase.LEARN.value, Phase.SEARCH.value)]
    chosen = evenly([step for step in usable if step.seen <= MOST_ROWS], MOST_STEPS)
    points: dict[str, list[dict[str, Any]]] = {}
    for step in chosen:
        for name, found in _step_points(problem, findings, rows, step).items():
            points.setdefault(name, []).extend(found)
    return {
        "level": LEVEL,
        "steps": len(chosen),
        "steps_of": len(usable),
        "most_rows": MOST_ROWS,
        "objectives": [_summary(name, found) for name, found in points.items() if found],
    }


def _step_points(
    problem: Problem, findings: Findings, rows: Sequence[CampaignRow], step: StepRecord
) -> dict[str, list[dict[str, Any]]]:
    """Returns objective -> one point for each new candidate of a step whose value is known by now."""
    seen = findings_of(rows[: step.seen])
    state = search_state(problem, seen, step.number)
    found: dict[str, list[dict[str, Any]]] = {}
    for knowledge in (Knowledge.HARDWARE, Knowledge.SCORE):
        if knowledge is Knowledge.SCORE and step.phase != Phase.SEARCH.value:
            continue
        new = [candidate for candidate in step.proposals if candidate.key not in seen.candidates]
        for name, points in _predicted(problem, state, knowledge, new).items():
            for candidate, point in zip(new, points, strict=True):
                measured = _measured(problem, findings, candidate, name)
                if measured is not None:
                    told = {"key": candidate.key, "step": step.number, "measured": rounded(measured)}
                    found.setdefault(name, []).append({**told, **point})
    return found


def _predicted(
    problem: Problem, state: SearchState, knowledge: Knowledge, new: Sequence[Candidate]
) -> dict[str, list[dict[str, float | None]]]:
    """Returns objective -> median and interval of one new measurement (or short training) of each candidate."""
    if not new or not state.observations:
        return {}
    import torch  # noqa: PLC0415 - only whoever calibrates pays for it

    from protran.optimize.beliefs import InputMap, believable, fit_surrogate  # noqa: PLC0415
    from protran.optimize.seeds import child_seed, deterministic_torch  # noqa: PLC0415

    known = believable(state, state.of(knowledge))
    if not known:
        return {}
    with deterministic_torch(child_seed(state.seed, state.step, "calibration")), torch.no_grad():
        inputs = InputMap(state)
        with torch.enable_grad():
            rows = inputs.of_candidates([row.candidate for row in state.observations])
            surrogate = fit_surrogate(state, known, inputs, rows)
        asked = inputs.of_candidates(new)
        if knowledge is Knowledge.SCORE:
            low, full = problem.low, problem.full
            asked[:, inputs.fidelity_column] = low.epochs * low.share / (full.epochs * full.share)
        answer = surrogate.predict(asked[:, inputs.columns(knowledge)])
        low_end, high_end = answer.interval(LEVEL)
        parts = (answer.median, low_end, high_end)
    return {
        objective.name: [_point(objective, numbers) for numbers in zip(*(p[:, j].tolist() for p in parts), strict=True)]
        for j, objective in enumerate(known)
    }


def _point(objective: SearchObjective, numbers: Sequence[float]) -> dict[str, float | None]:
    """Returns median and interval in the objective's own unit."""
    import torch  # noqa: PLC0415

    from protran.optimize.scales import Scale  # noqa: PLC0415

    own = torch.tensor(numbers, dtype=torch.float64)
    if objective.scale is not Scale.LOG:  # logarithms are the surrogate's own business
        own = objective.scale.backward(own)
    return dict(zip(("predicted", "low", "high"), map(rounded, own.tolist()), strict=True))


def _measured(problem: Problem, findings: Findings, candidate: Candidate, name: str) -> float | None:
    """Returns the first measurement of a value, or the error of the one short training; None where there is none."""
    if name == Quantity.ERROR.value:
        errors = findings.errors_by_seed(candidate, problem.low, range(1))
        return errors[0] if errors else None
    quantity, device = split_device(name)
    for measurement in findings.measured.get((candidate.key, problem.identity(device)), []):
        value = measurement.values.get(quantity)
        if value is not None and value.value is not None:
            return value.value
    return None


def _summary(name: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    inside = [point["low"] <= point["measured"] <= point["high"] for point in points]
    errors = [abs(point["predicted"] - point["measured"]) / point["measured"] for point in points if point["measured"]]
    return {
        "name": name,
        "provenance": "predicted",
        "points": points,
        "inside": sum(inside),
        "median_relative_error": rounded(statistics.median(errors), 4) if errors else None,
    }
