"""Whole studies of one tiny model: what is done, what is left after an interrupt, and what a failure costs."""

import os
import signal

import pytest

from protran.studies.errors import StudyError
from protran.studies.models.contestants import Contestant
from protran.studies.models.forms import FORMS
from protran.studies.models.logs import read_rows
from protran.studies.models.study import ModelsStudy
from search_spaces.candidate import Architecture, HeadKind, Layer

pytest.importorskip("onnxruntime", reason="onnxruntime (the extra `onnx`) is not installed")
FIGURES_THAT_VARY = ("train_s", "train_core_s", "infer_s", "infer_core_s")


@pytest.fixture
def plan(make_plan):
    return make_plan(forms=(FORMS[0], FORMS[2]), repeats=2)


@pytest.fixture
def run(plan, make_entrants, tmp_path, make_means):
    """Runs the study, or what is left of it."""

    def make(observer=None, **fields):
        chosen = fields.pop("plan", plan)
        stand_in = make_means(observer, **fields)
        ModelsStudy(chosen, make_entrants(chosen), tmp_path / "study", stand_in.means).run()
        return read_rows(tmp_path / "study")

    return make


def lasting(rows):
    """What must not depend on when the rows were made."""
    every = (*rows.trainings, *rows.scores, *rows.resting, *rows.timings)
    return [str({n: v for n, v in vars(row).items() if n not in FIGURES_THAT_VARY}) for row in every]


def test_every_piece_is_a_row(run):
    steps = []
    rows = run(steps.append)
    assert [len(part) for part in (rows.trainings, rows.scores, rows.resting, rows.timings)] == [2, 4, 2, 6]
    assert {row.status for part in vars(rows).values() for row in part} == {"ok"}
    assert [step.done for step in steps] == list(range(1, 15))
    assert {step.total for step in steps} == {14}


def test_repeats_have_seeds_of_their_own(run):
    assert [row.seed for row in run().trainings] == [0, 1]


def test_a_finished_study_does_nothing_more(run):
    before, steps = run(), []
    assert lasting(run(steps.append)) == lasting(before)
    assert steps == []


@pytest.mark.parametrize("pieces", [1, 4, 7])
def test_a_study_that_was_interrupted_ends_with_the_same_rows(run, tmp_path, pieces):
    def interrupt(step):
        if step.done == pieces:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupt)
    steps = []
    resumed = run(steps.append)
    assert steps[0].done == pieces + 1
    (tmp_path / "study").rename(tmp_path / "first")
    assert sorted(lasting(resumed)) == sorted(lasting(run()))


def test_a_study_that_was_killed_goes_on_where_it_was(run, tmp_path):
    def kill(step):
        if step.done == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            run(kill)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert len(read_rows(tmp_path / "study").scores) == 2
    resumed = run()
    assert [path.name for path in (tmp_path / "study").iterdir() if path.name.startswith("forms-")] == []
    (tmp_path / "study").rename(tmp_path / "first")
    assert lasting(resumed) == lasting(run())


def test_more_repeats_and_sweeps_only_add_what_is_missing(run, make_plan):
    first = run(plan=make_plan(forms=FORMS[:1]))
    steps = []
    more = run(steps.append, plan=make_plan(forms=FORMS[:1], repeats=2, batches=(1, 2, 4)))
    assert len(steps) == 3  # a training, its scores, a batch size
    assert set(lasting(first)) < set(lasting(more))


def test_a_model_that_cannot_be_trained_is_rows_with_a_reason(run, monkeypatch):
    def fail(*asked):
        raise ValueError("the loss\nbecame nan")

    monkeypatch.setattr("protran.studies.models.pieces.fine_tune", fail)
    rows = run()
    assert {(row.status, row.reason) for row in rows.trainings} == {("failed", "the loss became nan")}
    assert {row.reason for row in (*rows.scores, *rows.resting)} == {"not trained: the loss became nan"}
    assert {row.status for row in rows.timings} == {"ok"}


def test_what_cannot_be_measured_is_a_row_with_a_reason(run):
    def fail(*asked):
        raise RuntimeError("no device")

    rows = run(measure=fail, resting=fail)
    assert {row.reason for row in (*rows.timings, *rows.resting)} == {"no device"}
    assert {row.status for row in rows.scores} == {"ok"}


def test_one_model_that_fails_does_not_end_the_study(run, make_plan, architecture, monkeypatch):
    other = Architecture((Layer(4, (HeadKind.SCALED_DOT_PRODUCT,), (8,)),))
    pair = (Contestant("bad", architecture), Contestant("good", other))
    from protran.studies.models import pieces

    real = pieces.fine_tune

    def one_fails(contestant, *rest):
        if contestant.name == "bad":
            raise MemoryError
        return real(contestant, *rest)

    monkeypatch.setattr(pieces, "fine_tune", one_fails)
    rows = run(plan=make_plan(contestants=pair, forms=FORMS[:1]))
    assert {row.model: row.status for row in rows.scores} == {"bad": "failed", "good": "ok"}
    assert next(row.reason for row in rows.trainings if row.model == "bad") == "MemoryError"


def test_weights_that_were_removed_end_the_study_with_what_to_do(run, tmp_path, make_plan):
    run(plan=make_plan(forms=FORMS[:1]))
    for path in (tmp_path / "study" / "weights").iterdir():
        path.unlink()
    with pytest.raises(StudyError, match="begin anew in another folder"):
        run(plan=make_plan(forms=FORMS[:2]))
