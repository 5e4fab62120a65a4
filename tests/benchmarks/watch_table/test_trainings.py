"""Trainings are done once each, in their order, and failures are rows."""

import math

import pytest

from benchmarks.watch_table import __main__ as program
from benchmarks.watch_table.plan import planned, training_order
from benchmarks.watch_table.trainings import NAME, Training, one_by_one, side_by_side, train_all
from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.studies.row_log import RowLog
from protran.tasks.watch import WatchTask
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest


class Worker:
    """Answers by a score that tells seed and candidate; fails or stops where it is told to."""

    def __init__(self, *, fails=(), stops_at=None):
        self.fails, self.stops_at, self.asked = fails, stops_at, []

    def __call__(self, payload):
        request = TrainingRequest.from_json(payload)
        if len(self.asked) == self.stops_at:
            raise KeyboardInterrupt
        self.asked.append((request.architecture.key, request.seed))
        if request.seed in self.fails:
            return request.failed("the loss became nan").to_json()
        return Evaluation(
            request.training_key,
            request.architecture,
            "watch",
            request.fidelity,
            request.seed,
            EvaluationStatus.OK,
            metrics={"validation_accuracy": 0.75, "test_accuracy": 0.5 + 0.125 * request.seed},
            stderr={"validation_accuracy": 0.0625, "test_accuracy": 0.03125},
            train_s=4.0,
            epochs=3,
            details={"parameters": 1234, "best_epoch": 2, "train_core_s": 3.5},
        ).to_json()


@pytest.fixture(scope="module")
def candidates():
    return planned(3)


@pytest.fixture
def log_path(tmp_path):
    return tmp_path / NAME


def requests_for(candidates, seeds, epochs=3):
    return {
        (number, seed): TrainingRequest.on(
            WatchTask(), candidates[number].architecture, Recipe(), Fidelity(epochs), seed
        )
        for number, seed in training_order(len(candidates), seeds)
    }


def trained(path, planned_requests, worker):
    def answers(wanted):
        return ((place, Evaluation.from_json(worker(request.to_json()))) for place, request in wanted.items())

    return trained_by(path, planned_requests, answers)


def trained_by(path, planned_requests, answers):
    with RowLog(Training, path) as log:
        train_all(planned_requests, log, answers)
        return log.rows


def test_a_row_has_errors_of_validation_and_test_and_what_they_cost(candidates, log_path):
    row = trained(log_path, requests_for(candidates, 2), Worker())[-1]
    assert (row.number, row.seed, row.architecture_key) == (2, 1, candidates[2].architecture.key)
    assert (row.error, row.error_stderr, row.test_error, row.test_error_stderr) == (0.25, 0.0625, 0.375, 0.03125)
    assert (row.parameters, row.epochs, row.best_epoch, row.train_s, row.train_core_s) == (1234, 3, 2, 4.0, 3.5)


def test_a_run_that_was_stopped_goes_on_where_it_was(candidates, log_path):
    wanted = requests_for(candidates, 2)
    first, second = Worker(stops_at=4), Worker()
    with pytest.raises(KeyboardInterrupt):
        trained(log_path, wanted, first)
    rows = trained(log_path, wanted, second)
    assert first.asked + second.asked == [(r.architecture.key, r.seed) for r in wanted.values()]
    assert [(row.number, row.seed) for row in rows] == list(wanted)


def test_more_seeds_and_candidates_leave_what_is_there(candidates, log_path):
    trained(log_path, requests_for(candidates[:2], 1), Worker())
    worker = Worker()
    rows = trained(log_path, requests_for(candidates, 2), worker)
    assert [(row.number, row.seed) for row in rows] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert len(worker.asked) == 4


def test_a_training_that_fails_is_a_row_without_scores_and_is_not_tried_again(candidates, log_path):
    wanted = requests_for(candidates, 1)
    row = trained(log_path, wanted, Worker(fails=[0]))[0]
    assert (row.status, row.reason) == ("failed", "the loss became nan")
    assert math.isnan(row.error)
    assert math.isnan(row.test_error)
    again = Worker()
    trained(log_path, wanted, again)
    assert again.asked == []


def test_rows_of_another_fidelity_are_not_mixed_in(candidates, log_path):
    trained(log_path, requests_for(candidates, 1), Worker())
    with pytest.raises(InputError, match="candidate 0 and seed 0 is of another recipe, fidelity"):
        trained(log_path, requests_for(candidates, 2, epochs=4), Worker())


def test_trainings_side_by_side_are_those_of_one_after_the_other(candidates, tmp_path):
    wanted = requests_for(candidates[:2], 1, epochs=1)
    alone = trained_by(tmp_path / "alone.csv", wanted, one_by_one)
    beside = trained_by(tmp_path / "beside.csv", wanted, side_by_side(2))
    found = {row.number: (row.error, row.test_error, row.training_key, row.machine) for row in beside}
    assert found == {row.number: (row.error, row.test_error, row.training_key, row.machine) for row in alone}
    assert all(row.status == "ok" and "cores, torch" in row.machine for row in alone)


def test_no_training_at_all_at_once_is_refused_in_a_sentence(capsys):
    with pytest.raises(SystemExit):
        program.main(["--jobs", "0"])
    assert "--jobs: expected 1 or more, got 0" in capsys.readouterr().err
