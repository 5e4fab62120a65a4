"""What is done, in which order, and that nothing is done twice; on processes that only pretend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from device_agents.isolation import FailureKind, JobFailed
from device_agents.meters.spec import MeterSpec
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.processes import Workers
from protran.studies.compression.rows import StudyRows
from protran.studies.compression.run import Runner
from protran.studies.errors import StudyError

Failing = Callable[[Mapping[str, Any]], str]


@pytest.fixture
def run(plan: StudyPlan, pretended) -> Callable[..., StudyRows]:
    def start(process=None, observer=None, of=plan) -> StudyRows:
        used = process or pretended()
        return Runner(of, 1, MeterSpec(), observer, workers=lambda count: Workers([used])).run()

    return start


def test_there_is_a_row_for_every_training_score_and_timing(run, plan: StudyPlan) -> None:
    rows = run()
    assert len(rows.trainings) == 2 * 5
    assert len(rows.scores) == 2 * len(plan.rows) == 2 * (3 + 4 * 2)
    assert len(rows.timings) == len(plan.rows)


def test_teachers_are_trained_before_their_students_and_nothing_is_timed_before_all_is_scored(run, pretended) -> None:
    process = pretended()
    run(process)
    jobs = [payload["job"] for payload in process.jobs]
    assert jobs == sorted(jobs, key=["train", "score", "time"].index)
    trainings = [payload for payload in process.jobs if payload["job"] == "train"]
    assert ["teacher" in payload for payload in trainings] == [False] * 6 + [True] * 4


def test_all_models_of_a_repeat_have_one_seed_and_repeats_differ(run, pretended) -> None:
    process = pretended()
    run(process)
    assert {payload["seed"] for payload in process.jobs if payload["job"] == "train"} == {1000, 1001}


def test_a_second_start_does_nothing_and_gives_the_same_rows(run, pretended) -> None:
    first, process = run(), pretended()
    assert repr(run(process)) == repr(first)  # what is not known is not equal to itself
    assert process.jobs == []


@pytest.mark.parametrize("stop", [1, 9, 12, 20, 25])
def test_an_interrupt_anywhere_loses_no_more_than_what_was_at_work(run, pretended, plan: StudyPlan, stop: int) -> None:
    class Interrupted(pretended):
        def call(self, payload, limits=None):
            if len(self.jobs) == stop:
                raise KeyboardInterrupt
            return super().call(payload, limits)

    before, after = Interrupted(), pretended()
    with pytest.raises(KeyboardInterrupt):
        run(before)
    rows = run(after)
    undisturbed = plan.repeats * len(plan.models) * 2 + len(plan.rows)
    assert len(before.jobs) + len(after.jobs) == undisturbed
    assert {row.status for row in (*rows.trainings, *rows.scores, *rows.timings)} == {"ok"}
    places = [(row.model, row.variant, row.repeat) for row in rows.scores]
    assert len(places) == len(set(places)) == 2 * len(plan.rows)


def test_more_repeats_later_do_only_what_is_new(run, pretended, plan: StudyPlan) -> None:
    import dataclasses

    run()
    process = pretended()
    rows = run(process, of=dataclasses.replace(plan, repeats=3))
    assert process.count("train") == 5
    assert len(rows.scores) == 3 * len(plan.rows)


def test_a_failed_training_fails_its_rows_and_its_students_with_the_reason(run, pretended, plan: StudyPlan) -> None:
    def failing(payload: Mapping[str, Any]) -> str:
        bad = payload["job"] == "train" and payload["model"]["key"] == "tiny-study" and payload["seed"] == 1000
        return "the loss became nan" if bad else ""

    rows = run(pretended(failing))
    failed = {(row.model, row.repeat) for row in rows.trainings if row.status == "failed"}
    assert failed == {("tiny-study", 0), ("student-19k-taught", 0), ("student-5k-taught", 0)}
    reasons = {row.reason for row in rows.scores if row.status == "failed"}
    assert reasons == {
        "not trained: the loss became nan",
        "not trained: its teacher has no weights: the loss became nan",
    }
    assert sum(row.status == "ok" for row in rows.scores) == 2 * len(plan.rows) - 3 - 2 * 2
    assert {row.reason for row in rows.timings if row.model == "tiny-study"} == {
        "not scored: not trained: the loss became nan"
    }


def test_a_job_that_crashed_fails_and_the_others_go_on(run, pretended) -> None:
    class Crashing(pretended):
        def call(self, payload, limits=None):
            if payload["job"] == "score" and payload["model"]["key"] == "student-5k":
                raise JobFailed(FailureKind.CRASHED, "crashed: signal 11")
            return super().call(payload, limits)

    rows = run(Crashing())
    failed = [row for row in rows.scores if row.status == "failed"]
    assert {(row.model, row.reason) for row in failed} == {("student-5k", "crashed: signal 11")}


def test_a_lost_process_ends_the_study_and_is_no_row(run, pretended) -> None:
    class Lost(pretended):
        def call(self, payload, limits=None):
            if len(self.jobs) == 3:
                raise JobFailed(FailureKind.LOST, "lost: the warm process was killed")
            return super().call(payload, limits)

    with pytest.raises(StudyError, match="the same command continues"):
        run(Lost())
    assert {row.status for row in run().trainings} == {"ok"}


def test_a_machine_that_others_keep_ends_the_study_and_is_no_row(run, pretended) -> None:
    class Kept(pretended):
        def _time(self, payload):
            return {"status": "busy", "reason": "another agent measures"}

    with pytest.raises(StudyError, match="another agent measures; the same command continues"):
        run(Kept())
    assert {row.status for row in run().timings} == {"ok"}


def test_weights_that_are_gone_are_trained_again(run, pretended, plan: StudyPlan) -> None:
    run()
    plan.weights(plan.models[0], 1).unlink()
    process = pretended()
    run(process)
    assert [(job["job"], job["seed"]) for job in process.jobs] == [("train", 1001)]


def test_timings_of_later_starts_lean_on_the_reference_of_the_first(run, pretended, plan: StudyPlan) -> None:
    first = pretended()
    run(first)
    timings = [payload for payload in first.jobs if payload["job"] == "time"]
    assert timings[0]["references"] == {}
    assert timings[1]["references"] == {"base": {"latency_s": 1.0}}


def test_only_the_first_repeat_is_asked_for_its_energy(run, pretended, plan: StudyPlan) -> None:
    import dataclasses

    process = pretended()
    of = dataclasses.replace(plan, timed_repeats=2)
    meter = MeterSpec.from_json({"kind": "rapl", "path": "", "rails": []})
    Runner(of, 1, meter, workers=lambda count: Workers([process])).run()
    kinds = {(job["repeat"], job["meter"]["kind"]) for job in process.jobs if job["job"] == "time"}
    assert kinds == {(0, "rapl"), (1, "none")}


def test_progress_counts_every_piece_to_the_last(run) -> None:
    steps = []
    run(observer=steps.append)
    assert [step.done for step in steps] == list(range(1, steps[-1].total + 1))
    assert steps[-1].left_s == pytest.approx(0, abs=1e-6)
