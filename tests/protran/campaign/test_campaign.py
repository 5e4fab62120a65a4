from __future__ import annotations

from collections import Counter

import pytest

from device_agents.fleet.base import Job, JobResult, ProfileJob, TaskJob
from device_agents.measurement import MeasurementStatus
from protran.campaign import execute
from protran.campaign.campaign import plan_of
from protran.campaign.events import CampaignDone, FrontChanged, StepStarted
from protran.campaign.phase import Phase
from protran.campaign.replay import replay
from protran.campaign.work import trainings_of
from protran.errors import CampaignError
from protran.ledger.records import CampaignRow
from protran.tasks.errors import TaskError


def _proposals(bench, name="invented"):
    with bench.ledger() as ledger:
        record = ledger.campaign(name)
        return [(step.phase, [candidate.key for candidate in step.proposals]) for step in ledger.steps(record.id)]


def _rows(bench, name="invented") -> list[CampaignRow]:
    with bench.ledger() as ledger:
        return ledger.rows(ledger.campaign(name).id)


def _answer_id(row: CampaignRow) -> str:
    return row.measurement.request_id if row.measurement is not None else row.evaluation.training_key


def test_a_campaign_goes_through_its_phases_and_ends_with_a_verified_front(bench) -> None:
    front = bench.run()
    phases = [event.phase for event in bench.events if isinstance(event, StepStarted)]
    assert phases == [Phase.SEED, Phase.LEARN, Phase.LEARN, Phase.SEARCH, Phase.SEARCH, Phase.VERIFY]
    assert front.candidates
    assert front.notes == ()
    assert isinstance(bench.events[-1], CampaignDone)
    with bench.ledger() as ledger:
        assert ledger.campaign("invented").phase == "done"


def test_a_verified_error_is_that_of_seeds_that_chose_nobody(bench) -> None:
    front = bench.run()
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        rows = ledger.rows(record.id)
    for member in front.candidates:
        errors = [
            1.0 - row.evaluation.metrics["validation_accuracy"]
            for row in rows
            if row.evaluation is not None
            and row.evaluation.candidate.key == member.candidate.key
            and (row.evaluation.fidelity, row.evaluation.seed > 0) == (problem.full, True)
        ]
        assert len(errors) == 2
        assert member.number("error") == pytest.approx(sum(errors) / 2)


def test_every_value_of_the_front_has_an_error_bar_and_a_provenance(bench) -> None:
    front = bench.run()
    for member in front.candidates:
        assert {"error", "test_error", "latency_s", "memory_bytes", "parameters"} <= set(member.values)
        assert all(value.stderr is not None and value.provenance is not None for value in member.values.values())


def test_only_verified_candidates_are_on_the_final_front(bench) -> None:
    front = bench.run()
    verified = {key for phase, keys in _proposals(bench) for key in keys if phase == "verify"}
    assert {member.candidate.key for member in front.candidates} <= verified


@pytest.mark.parametrize("proposer", ["gradient", "random"])
def test_a_replayed_campaign_proposes_the_same_at_every_step(bench, proposer) -> None:
    bench.run(proposer=proposer)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        steps = replay(problem, ledger, record.id)
    assert [step.recorded.phase for step in steps].count(Phase.SEARCH) == 2
    assert all(step.same for step in steps)


def test_the_order_in_which_answers_come_does_not_change_the_proposals(bench, tmp_path) -> None:
    class Backwards(bench.Dispatcher):
        def next_result(self, timeout_s):
            self._queue.reverse()
            return super().next_result(timeout_s)

    bench.run(name="forwards", seed=3, proposer="gradient")
    other = type(bench)(tmp_path / "other")
    other.run(Backwards(), name="backwards", seed=3, proposer="gradient")
    assert _proposals(bench, "forwards") == _proposals(other, "backwards")


class _Killed(BaseException):
    """Stands for the end of the process: nothing in the program catches it."""


@pytest.mark.parametrize("after", [0, 7, 13, 17, 19, 24, 29])
def test_a_campaign_that_is_killed_anywhere_continues_to_the_same_front(bench, tmp_path, after) -> None:
    def spoil(job: Job, answered: int) -> None:
        if answered == after:
            raise _Killed

    whole = type(bench)(tmp_path / "whole")
    expected = whole.run()
    with pytest.raises(_Killed):
        bench.run(bench.Dispatcher(spoil))
    front = bench.run()
    assert _proposals(bench) == _proposals(whole)
    assert [member.candidate.key for member in front.candidates] == [m.candidate.key for m in expected.candidates]
    answers = Counter(_answer_id(row) for row in _rows(bench))
    assert set(answers.values()) == {1}
    assert set(answers) == {_answer_id(row) for row in _rows(whole)}


def test_a_finished_campaign_is_not_run_again(bench) -> None:
    first = bench.run()
    idle = bench.Dispatcher()
    assert bench.run(idle) == first
    assert idle.answered == []


def test_a_candidate_that_cannot_be_profiled_is_left_out_and_the_rest_goes_on(bench) -> None:
    broken: list[str] = []

    def spoil(job: Job, answered: int) -> str | None:
        if isinstance(job, ProfileJob) and len(broken) < 2:
            broken.append(job.request.candidate.key)
            return "out of memory: it asked for more than its limit"
        return None

    front = bench.run(bench.Dispatcher(spoil))
    assert front.candidates
    assert not {member.candidate.key for member in front.candidates} & set(broken)
    later = [key for phase, keys in _proposals(bench) for key in keys if phase in ("learn", "search", "verify")]
    assert not set(later) & set(broken)


def test_a_campaign_whose_every_training_fails_ends_with_an_empty_front_that_says_so(bench) -> None:
    front = bench.run(bench.Dispatcher(lambda job, n: "the loss became NaN" if isinstance(job, TaskJob) else None))
    assert front.candidates == ()
    assert any("could not be trained, for example: the loss became NaN" in note for note in front.notes)


def test_a_job_that_was_lost_with_its_worker_is_tried_again_and_counted_once(bench) -> None:
    lost = Counter()

    class Lossy(bench.Dispatcher):
        def next_result(self, timeout_s):
            if self._queue and lost[self._queue[0].job_id] < 1:
                job = self._queue.pop(0)
                lost[job.job_id] += 1
                return JobResult(job.job_id, failure="worker lost", lost=True)
            return super().next_result(timeout_s)

    bench.run(Lossy())
    rows = _rows(bench)
    assert all(row.ok for row in rows)
    assert set(Counter(_answer_id(row) for row in rows).values()) == {1}


def test_a_device_that_answers_nothing_any_more_stops_the_campaign_and_marks_nobody(bench) -> None:
    class Dead(bench.Dispatcher):
        def next_result(self, timeout_s):
            return JobResult(self._queue.pop(0).job_id, failure="the runner does not start", lost=True)

    with pytest.raises(CampaignError, match=r"no job is answered any more: the runner does not start; .* repeat the"):
        bench.run(Dead())
    assert _rows(bench) == []
    assert bench.run().candidates
    assert all(row.ok for row in _rows(bench))


def test_a_job_that_takes_its_worker_with_it_each_time_is_a_failure_and_the_rest_goes_on(bench) -> None:
    class Deadly(bench.Dispatcher):
        victim = None

        def next_result(self, timeout_s):
            self.victim = self.victim or self._queue[2].job_id
            if self._queue and self._queue[0].job_id == self.victim:
                return JobResult(self._queue.pop(0).job_id, failure="the board restarted", lost=True)
            return super().next_result(timeout_s)

    assert bench.run(Deadly()).candidates
    (failed,) = [row for row in _rows(bench) if not row.ok]
    assert failed.measurement.reason == "the board restarted"


def test_a_candidate_whose_device_dies_twice_is_recorded_as_failed_and_the_campaign_goes_on(bench) -> None:
    class Killing(bench.Dispatcher):
        victim, deaths = None, 0

        def next_result(self, timeout_s):
            job = self._queue[0]
            self.victim = self.victim or (job.request.candidate.key if isinstance(job, ProfileJob) else None)
            if isinstance(job, ProfileJob) and job.request.candidate.key == self.victim:
                self.deaths += 1
                return JobResult(self._queue.pop(0).job_id, failure="lost: pi started anew during the job", lost=True)
            return super().next_result(timeout_s)

    killing = Killing()
    front = bench.run(killing)
    assert killing.deaths == execute.ATTEMPTS == 2
    (failed,) = [row for row in _rows(bench) if not row.ok]
    assert (failed.candidate.key, failed.measurement.status) == (killing.victim, MeasurementStatus.FAILED)
    assert failed.measurement.reason == "lost: pi started anew during the job"
    assert front.candidates
    assert killing.victim not in {member.candidate.key for member in front.candidates}
    assert "1 candidate could not be profiled, for example: lost: pi started anew during the job" in front.notes
    with bench.ledger() as ledger:
        assert ledger.progress(ledger.campaign("invented").id).profiles_failed == 1


def test_data_that_vanishes_stops_the_campaign_and_marks_nobody(bench, monkeypatch) -> None:
    def gone(reference):
        raise TaskError("waves.csv: there is no such file")

    with monkeypatch.context() as patch:
        patch.setattr(execute, "task_from_reference", gone)
        spoiled = bench.Dispatcher(lambda job, answered: "no data" if isinstance(job, TaskJob) else None)
        with pytest.raises(CampaignError, match="no such file; put it back and repeat the command"):
            bench.run(spoiled)
    assert all(row.ok for row in _rows(bench))
    assert bench.run().candidates


def test_when_the_time_is_up_the_campaign_goes_to_verification(bench) -> None:
    bench.run(effort={"minutes": 1e-9, "seed_candidates": 4, "verify_limit": 2, "verify_seeds": 1})
    assert [phase for phase, _ in _proposals(bench)] == ["seed", "verify"]


@pytest.mark.parametrize("proposer", ["gradient", "random"])
def test_whoever_proposes_does_all_of_the_planned_work_and_no_more(bench, proposer) -> None:
    bench.run(proposer=proposer)
    rows = _rows(bench)
    with bench.ledger() as ledger:
        effort = bench.begin(ledger)[0].config.effort
    assert sum(row.measurement is not None for row in rows) == effort.profiles_planned
    assert sum(row.evaluation is not None for row in rows) == effort.trainings_planned


def test_verification_trains_with_seeds_that_chose_nobody(bench) -> None:
    bench.run()
    seeds = {phase: set() for phase in ("seed", "search", "verify")}
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        steps = [plan_of(step) for step in ledger.steps(record.id)]
    names = {problem.low: "low", problem.full: "full", problem.refit: "refit"}
    for step in steps:
        for training in trainings_of(problem, step):
            seeds[step.phase.value].add((training.seed, names[training.fidelity]))
    assert seeds == {
        "seed": {(0, "low")},
        "search": {(0, "low"), (0, "full")},
        "verify": {(1, "full"), (2, "full"), (1, "refit"), (2, "refit")},
    }


def test_answers_of_another_campaign_are_reused_where_the_user_allows_it(bench) -> None:
    bench.run(name="first", reuse="all")
    again = bench.Dispatcher()
    bench.run(again, name="second", reuse="all")
    assert again.answered == []
    assert _proposals(bench, "first") == _proposals(bench, "second")


def test_a_failure_of_another_campaign_is_asked_anew_and_verified_all_the_same(bench) -> None:
    failed = []

    def spoil(job: Job, answered: int) -> str | None:
        if isinstance(job, ProfileJob) and answered < 6:
            failed.append(job.job_id)
            return "it hung"
        return None

    bench.run(bench.Dispatcher(spoil), name="first", reuse="all")
    assert len(failed) == 6
    front = bench.run(name="second", reuse="all")
    assert front.candidates


def test_with_one_seed_a_promoted_candidate_is_not_taken_for_a_verified_one(bench) -> None:
    effort = {"seed_candidates": 6, "learn_profiles": 0, "search_rounds": 2, "search_batch": 1, "verify_seeds": 1}
    front = bench.run(effort={**effort, "search_promotions": 2, "verify_limit": 2})
    verified = {key for phase, keys in _proposals(bench) for key in keys if phase == "verify"}
    assert {member.candidate.key for member in front.candidates} <= verified


def test_without_reuse_another_campaign_measures_by_itself(bench) -> None:
    bench.run(name="first")
    again = bench.Dispatcher()
    bench.run(again, name="second")
    assert len(again.answered) == len(_rows(bench, "first"))


def test_the_front_is_told_after_each_phase_that_trains(bench) -> None:
    bench.run()
    fronts = [event for event in bench.events if isinstance(event, FrontChanged)]
    assert [event.verified for event in fronts] == [False, False, False, True]
