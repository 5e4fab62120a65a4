"""Campaigns that distil, on an invented device and trainer."""

from __future__ import annotations

import dataclasses

import pytest

from device_agents.fleet.base import TaskJob
from protran.campaign.campaign import plan_of
from protran.campaign.charter import write_charter
from protran.campaign.findings import Findings, findings_of
from protran.campaign.origin import config_from_origin, verified_by
from protran.campaign.phase import Phase
from protran.campaign.problem import Device
from protran.campaign.replay import replay
from protran.campaign.teacher import best_teacher, refitted, teacher_of_verification, training_of
from protran.campaign.work import trainings_of, weights_folder
from search_spaces.deployment import Deployment, Precision
from search_spaces.sampling import SamplingMethod, sample


@pytest.fixture
def distilled(bench):
    """Returns problem, steps and findings of a campaign that distilled."""
    bench.run(distil=True)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        steps = [plan_of(step) for step in ledger.steps(record.id)]
        return problem, steps, findings_of(ledger.rows(record.id))


@pytest.fixture
def known(bench):
    """Returns a problem, three candidates, and a function that gives findings of their errors at full fidelity."""
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger, distil=True)
    candidates = sample(problem.space, 3, SamplingMethod.SOBOL, 0)

    def found(errors):
        findings = Findings()
        for candidate, error in zip(candidates, errors, strict=True):
            request = training_of(problem, candidate, problem.full, 0)
            scored = {"status": "ok", "reason": "", "metrics": {"validation_accuracy": 1 - error}}
            evaluation = dataclasses.replace(request.failed("x"), **scored)
            findings.scored[candidate.key, problem.full].append(evaluation)
        return findings

    return problem, candidates, found


def test_the_teacher_has_the_lowest_error_at_full_fidelity(known) -> None:
    problem, candidates, found = known
    teacher = best_teacher(problem, [(candidate, None) for candidate in candidates], found([0.3, 0.1, 0.2]))
    assert teacher == training_of(problem, candidates[1], problem.full, 0)


def test_among_equal_errors_the_key_decides_whatever_the_order(known) -> None:
    problem, candidates, found = known
    promoted = [(candidate, None) for candidate in candidates]
    first = best_teacher(problem, promoted, found([0.2, 0.2, 0.2]))
    assert first == best_teacher(problem, promoted[::-1], found([0.2, 0.2, 0.2]))
    assert first.training_key == min(training_of(problem, c, problem.full, 0).training_key for c in candidates)


def test_before_anything_was_trained_at_full_fidelity_nobody_teaches(known) -> None:
    problem, candidates, _ = known
    assert best_teacher(problem, [(candidates[0], None)], Findings()) is None
    assert best_teacher(problem, [], Findings()) is None


def test_a_campaign_that_does_not_distil_has_no_teacher(known) -> None:
    problem, candidates, found = known
    plain = dataclasses.replace(problem, distilled=None)
    assert best_teacher(plain, [(candidate, None) for candidate in candidates], found([0.3, 0.1, 0.2])) is None


def test_a_candidate_that_was_deployed_otherwise_teaches_in_fp32(known) -> None:
    problem, (candidate, *_), _ = known
    bf16 = dataclasses.replace(candidate, deployment=Deployment(Precision.BF16))
    findings = Findings()
    evaluation = training_of(problem, bf16, problem.full, 0).failed("x")
    scored = {"status": "ok", "reason": "", "metrics": {"validation_accuracy": 0.9}}
    findings.scored[bf16.key, problem.full].append(dataclasses.replace(evaluation, **scored))
    assert best_teacher(problem, [(bf16, None)], findings).deployment == Deployment()


def test_only_trainings_at_full_fidelity_have_a_teacher(distilled) -> None:
    problem, steps, _ = distilled
    for step in steps:
        for training in trainings_of(problem, step):
            assert (training.teacher is None) == (training.fidelity == problem.low or step.teacher is None)
    assert steps[-1].phase is Phase.VERIFY
    assert steps[-1].teacher is not None


def test_promoted_candidates_learn_from_the_best_of_the_rounds_before(distilled) -> None:
    problem, steps, _ = distilled
    rounds = [step for step in steps if step.promoted]
    assert rounds[0].teacher is None
    assert rounds[1].teacher == training_of(problem, rounds[0].promoted[0], problem.full, 0)


def test_whoever_is_fitted_to_validation_windows_learns_from_one_who_is_too(distilled) -> None:
    problem, steps, _ = distilled
    trainings = trainings_of(problem, steps[-1])
    assert {training.teacher.fidelity for training in trainings if training.fidelity == problem.refit} == {
        problem.refit
    }
    assert {training.teacher.fidelity for training in trainings if training.fidelity == problem.full} == {problem.full}


def test_a_refitted_teachers_own_teachers_are_refitted(known) -> None:
    problem, (one, two, _), _ = known
    chain = training_of(problem, one, problem.full, 0, training_of(problem, two, problem.full, 0))
    again = refitted(problem, chain)
    assert again.fidelity == again.teacher.fidelity == problem.refit
    assert (again.architecture, again.teacher.architecture) == (one.architecture, two.architecture)
    assert refitted(problem, None) is None


def test_a_replayed_campaign_chooses_the_same_teachers(bench) -> None:
    bench.run(distil=True)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        steps = replay(problem, ledger, record.id)
    assert all(step.same and step.recorded.teacher == step.replayed.teacher for step in steps)
    assert any(step.recorded.teacher is not None for step in steps)


def test_a_killed_campaign_goes_on_with_the_same_teachers(bench, tmp_path) -> None:
    class Killed(Exception):
        pass

    def spoil(job, answered: int) -> None:
        if isinstance(job, TaskJob) and "teacher" in job.payload:
            raise Killed

    with pytest.raises(Killed):
        bench.run(bench.Dispatcher(spoil), distil=True)
    resumed = bench.run(distil=True)
    other = type(bench)(tmp_path / "other")
    other.folder.mkdir()
    assert [m.candidate.key for m in resumed.candidates] == [m.candidate.key for m in other.run(distil=True).candidates]


def test_verification_says_who_teaches(distilled) -> None:
    assert distilled[1][-1].remarks[0].startswith("verified models learn from ")


def test_where_nobody_was_promoted_verification_learns_from_labels_alone_and_says_so(bench) -> None:
    def fail(job, answered: int) -> str | None:
        full = isinstance(job, TaskJob) and job.payload["fidelity"] == promoted and job.payload["seed"] == 0
        return "it failed" if full else None

    with bench.ledger() as ledger:
        promoted = bench.begin(ledger, distil=True)[0].full.to_json()
    bench.run(bench.Dispatcher(fail), distil=True)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        last = plan_of(ledger.steps(record.id)[-1])
    assert last.teacher is None
    assert last.remarks == (
        "no model was trained at full fidelity before verification: verified models learn from labels alone",
    )
    assert {training.recipe for training in trainings_of(problem, last)} == {problem.recipe}


def test_a_campaign_that_distils_keeps_weights_for_its_teachers(distilled, tmp_path) -> None:
    problem = distilled[0]
    assert weights_folder(problem, tmp_path) == tmp_path / "invented" / "weights"
    assert weights_folder(dataclasses.replace(problem, distilled=None), tmp_path) is None


def test_a_campaign_without_distillation_asks_for_the_trainings_that_it_always_did(bench) -> None:
    payloads = []

    def note(job, answered: int) -> None:
        if isinstance(job, TaskJob):
            payloads.append(job.payload)

    bench.run(bench.Dispatcher(note))
    assert payloads
    assert not any("teacher" in payload or payload["recipe"] for payload in payloads)


def test_a_campaign_that_takes_distilled_models_over_trains_nothing(bench) -> None:
    bench.run(distil=True)
    trained = []
    with bench.ledger() as ledger:
        config = config_from_origin(ledger, {"name": "again", "origin": "invented"})
        charter = write_charter(config, [Device("local", "fedcba9876543210")])
        charter["origin"] = verified_by(ledger, charter, "invented")
        charter["teacher"] = teacher_of_verification(ledger, "invented")
        ledger.create_campaign("again", charter, 0)

    def note(job, answered: int) -> None:
        if isinstance(job, TaskJob):
            trained.append(job.job_id)

    bench.run(bench.Dispatcher(note), name="again")
    assert trained == []
