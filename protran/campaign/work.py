"""The work that a step asks for: profiles and trainings, which follow from its phase and its candidates."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from device_agents.measurement import ProfileRequest
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.teacher import PROMOTED_SEED, refitted, training_of
from protran.training.request import TrainingRequest
from protran.training.scored import scored_candidate, scored_deployment
from search_spaces.deployment_space import deployments_at

TRAINED = (Phase.SEED, Phase.SEARCH, Phase.VERIFY)
VERIFY_REPEAT = 1
"""Repeat number of the verification's measurement: a new request, so it is measured again. First profiles have 0,
repeats of the learn phase 2 and more (see `StepPlan.repeats`), and further attempts at a rejected one numbers from 1000
on (see `protran.campaign.attempts`)."""
WEIGHTS = "weights"  # the folder of trained weights in a campaign's own folder


def profiles_of(problem: Problem, step: StepPlan) -> list[ProfileRequest]:
    """Returns the step's profile requests: every candidate and every probe on every device."""
    usual = VERIFY_REPEAT if step.phase is Phase.VERIFY else 0
    return [
        ProfileRequest(
            candidate,
            problem.input_spec,
            problem.workload,
            device.identity,
            step.repeats.get(candidate.key, usual),
        )
        for candidate in (*step.candidates, *step.probes)
        for device in problem.devices
    ]


def trainings_of(problem: Problem, step: StepPlan) -> list[TrainingRequest]:
    """Returns the step's trainings: at low fidelity with one seed, or, to verify, at full fidelity with several.

    Verified candidates are then fitted to training and validation data together, with the same seeds: the models that
    one would deploy. Only their test score is known, and it is reported.

    Promoted candidates are trained at full fidelity with seed 0, verified ones with the seeds after it: that a training
    went well is why a candidate was chosen, so the ones that judge it are new.

    Where the step has a teacher, all but the trainings at low fidelity learn from it; those that are fitted to the
    validation data too, from one that was so fitted itself.

    Trainings at low fidelity may have a hurdle, others never have one.
    """
    if step.phase not in TRAINED:
        return []
    if step.phase is not Phase.VERIFY:
        low = [
            dataclasses.replace(
                training_of(problem, candidate, problem.low, 0),
                hurdle=step.hurdles.get(scored_candidate(candidate).key),
            )
            for candidate in step.candidates
        ]
        return low + [
            training_of(problem, candidate, problem.full, PROMOTED_SEED, step.teacher) for candidate in step.promoted
        ]
    taught = ((problem.full, step.teacher), (problem.refit, refitted(problem, step.teacher)))
    return [
        training_of(problem, candidate, fidelity, seed, teacher)
        for fidelity, teacher in taught
        for candidate in step.candidates
        for seed in problem.verify_seeds
    ]


def weights_folder(problem: Problem, runs: Path) -> Path | None:
    """Returns where the campaign keeps trained weights: below `runs`, or nowhere, where nobody would share them.

    They are shared where one architecture can have several scores, by deployments that all start from one training. It
    is trained again where the weights have gone, with the same scores: nothing is lost with the folder. A campaign that
    distils keeps them for its teachers.
    """
    space = problem.space
    listed = {scored_deployment(deployment) for deployment in space.deployments}
    several = len(listed) > 1 or deployments_at(space, max(space.layers)) > len(space.deployments)
    return runs / problem.config.name / WEIGHTS if several or problem.distilled is not None else None
