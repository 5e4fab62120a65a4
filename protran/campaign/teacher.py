"""Trainings as requests of a campaign, and whom they learn from: the best model that was found until then."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from protran.campaign.findings import Findings
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.fidelity import Fidelity
from protran.ledger.ledger import Ledger
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment

PROMOTED_SEED = 0
"""Of trainings at full fidelity in the search; verification has seeds of its own (see `Problem.verify_seeds`)."""
TEACHER = "teacher"  # where a step's record holds it


def training_of(
    problem: Problem, candidate: Candidate, fidelity: Fidelity, seed: int, teacher: TrainingRequest | None = None
) -> TrainingRequest:
    """Returns the request to train and score a candidate, taught by `teacher` where there is one."""
    recipe = problem.recipe if teacher is None or problem.distilled is None else problem.distilled
    return TrainingRequest(
        candidate.architecture,
        problem.task_name,
        problem.task,
        problem.input_spec,
        recipe,
        fidelity,
        seed,
        candidate.deployment,
        teacher=teacher,
    )


def best_teacher(
    problem: Problem, promoted: Iterable[tuple[Candidate, TrainingRequest | None]], findings: Findings
) -> TrainingRequest | None:
    """Returns the training of the lowest validation error at full fidelity in the search so far; ties go by key.

    The error is that of the candidate as it was deployed, the teacher are its weights in fp32. It may have had a
    teacher itself. None where nothing was trained at full fidelity yet, or the campaign does not distil. A pure
    function of its arguments; verified candidates are judged by other seeds and teach nobody.

    Args:
        problem: what the campaign is about.
        promoted: candidates that were trained at full fidelity in the search, and by whom they were taught.
        findings: what the rows seen by now say.
    """
    if problem.distilled is None:
        return None
    known: list[tuple[float, str, TrainingRequest]] = []
    for candidate, teacher in promoted:
        errors = findings.errors_by_seed(candidate, problem.full, (PROMOTED_SEED,))
        if errors:
            request = training_of(problem, candidate, problem.full, PROMOTED_SEED, teacher)
            known.append((errors[0], request.training_key, request))
    best = min(known, key=lambda item: item[:2], default=None)
    return None if best is None else dataclasses.replace(best[2], deployment=Deployment())


def refitted(problem: Problem, teacher: TrainingRequest | None) -> TrainingRequest | None:
    """Returns the same teacher fitted to training and validation windows, as whoever it teaches in a refit is.

    So is everyone who taught it: the test people are in none of them.
    """
    if teacher is None:
        return None
    return dataclasses.replace(teacher, fidelity=problem.refit, teacher=refitted(problem, teacher.teacher))


def teacher_of_verification(ledger: Ledger, name: str) -> dict[str, Any] | None:
    """Returns who taught the verified candidates of a campaign, as JSON, for the charter of one that takes them over.

    Raises:
        UnknownCampaignError: there is no campaign of this name.
    """
    infos: list[Mapping[str, Any]] = [
        step.info for step in ledger.steps(ledger.campaign(name).id) if step.phase == Phase.VERIFY.value
    ]
    return infos[-1].get(TEACHER) if infos else None
