"""The work that a step asks for: profiles and trainings, which follow from its phase and its candidates."""

from __future__ import annotations

from pathlib import Path

from device_agents.measurement import ProfileRequest
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.training.request import TrainingRequest
from protran.training.scored import scored_deployment
from search_spaces.deployment_space import deployments_at

TRAINED = (Phase.SEED, Phase.SEARCH, Phase.VERIFY)
VERIFY_REPEAT = 1
"""Repeat number of the verification's measurement: a new request, so it is measured again. First profiles have 0,
repeats of the learn phase 2 and more (see `StepPlan.repeats`), and further attempts at a rejected one numbers from 1000
on (see `protran.campaign.attempts`)."""
WEIGHTS = "weights"  # the folder of trained weights in a campaign's own folder


def profiles_of(problem: Problem, step: StepPlan) -> list[ProfileRequest]:
    """Returns the step's profile requests: every candidate on every device."""
    usual = VERIFY_REPEAT if step.phase is Phase.VERIFY else 0
    return [
        ProfileRequest(
            candidate,
            problem.input_spec,
            problem.workload,
            device.identity,
            step.repeats.get(candidate.key, usual),
        )
        for candidate in step.candidates
        for device in problem.devices
    ]


def trainings_of(problem: Problem, step: StepPlan) -> list[TrainingRequest]:
    """Returns the step's trainings: at low fidelity with one seed, or, to verify, at full fidelity with several.

    Verified candidates are then fitted to training and validation data together, with the same seeds: the models that
    one would deploy. Only their test score is known, and it is reported.

    Promoted candidates are trained at full fidelity with seed 0, verified ones with the seeds after it: that a training
    went well is why a candidate was chosen, so the ones that judge it are new.
    """
    if step.phase not in TRAINED:
        return []
    verify = step.phase is Phase.VERIFY
    efforts = (problem.full, problem.refit) if verify else (problem.low,)
    seeds = problem.verify_seeds if verify else (0,)
    wanted = [(candidate, fidelity, seed) for fidelity in efforts for candidate in step.candidates for seed in seeds]
    wanted += [(candidate, problem.full, 0) for candidate in step.promoted]
    return [
        TrainingRequest(
            candidate.architecture,
            problem.task_name,
            problem.task,
            problem.input_spec,
            problem.recipe,
            fidelity,
            seed,
            candidate.deployment,
        )
        for candidate, fidelity, seed in wanted
    ]


def weights_folder(problem: Problem, runs: Path) -> Path | None:
    """Returns where the campaign keeps trained weights: below `runs`, or nowhere, where nobody would share them.

    They are shared where one architecture can have several scores, by deployments that all start from one training. It
    is trained again where the weights have gone, with the same scores: nothing is lost with the folder.
    """
    space = problem.space
    listed = {scored_deployment(deployment) for deployment in space.deployments}
    several = len(listed) > 1 or deployments_at(space, max(space.layers)) > len(space.deployments)
    return runs / problem.config.name / WEIGHTS if several else None
