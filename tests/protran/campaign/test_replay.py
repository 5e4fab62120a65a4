"""When a replayed step counts as the recorded one."""

from __future__ import annotations

import dataclasses

import pytest

from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.replay import ReplayedStep
from protran.campaign.teacher import training_of
from protran.training.hurdle import Hurdle
from search_spaces.sampling import SamplingMethod, sample


@pytest.fixture
def steps(bench):
    """Returns a step, and the fields in which another one may differ from it."""
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger)
    first, second = sample(problem.space, 2, SamplingMethod.SOBOL, 0)
    changes = {
        "phase": Phase.LEARN,
        "candidates": (second,),
        "promoted": (second,),
        "probes": (second,),
        "repeats": {first.key: 3},
        "hurdles": {first.key: Hurdle((0.5,))},
        "teacher": training_of(problem, second, problem.full, 0),
    }
    return StepPlan(Phase.SEARCH, (first,)), changes


@pytest.mark.parametrize("field", ["phase", "candidates", "promoted", "probes", "repeats", "hurdles", "teacher"])
def test_steps_that_ask_for_other_work_differ(steps, field) -> None:
    step, changes = steps
    other = dataclasses.replace(step, **{field: changes[field]})
    assert not ReplayedStep(0, step, other).same
    assert ReplayedStep(0, other, other).same


def test_what_is_said_about_a_step_does_not_count(steps) -> None:
    step, _ = steps
    told = dataclasses.replace(step, notes={"predicted_error_latency_s": 0.1}, remarks=("said",))
    assert ReplayedStep(0, step, told).same


def test_a_step_that_is_not_planned_again_is_not_the_same(steps) -> None:
    assert not ReplayedStep(0, steps[0], None).same


def test_a_record_gives_the_step_again_and_older_records_have_less(steps) -> None:
    step, changes = steps
    whole = dataclasses.replace(step, **{name: changes[name] for name in ("probes", "hurdles", "repeats", "teacher")})
    assert step.with_further_info(whole.further_info()) == whole
    assert step.further_info() == {}
    assert step.with_further_info({}) == step
