from dataclasses import replace
from pathlib import Path

import pytest

from protran.fidelity import Fidelity
from protran.training import scoring as module
from protran.training.hurdle import Hurdle
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest
from protran.training.scoring import scored
from protran.training.train import train
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime

INT8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
PRUNED = Deployment(layers=(LayerDeployment(feed_forward_sparsity=0.5),))
DEPLOYMENTS = [Deployment(), Deployment(Precision.BF16), INT8, PRUNED]


@pytest.fixture
def request_for(waves, small):
    """Returns a request for a deployment; keywords replace its other fields."""
    base = TrainingRequest(small, "waves", {"version": "1"}, waves.input_spec, Recipe(batch_size=16), Fidelity(4), 0)
    return lambda deployment, **fields: replace(base, deployment=deployment, **fields)


@pytest.fixture
def trainings(monkeypatch):
    """The paths of all trainings that were begun."""
    begun: list[Path | None] = []

    def counted(*arguments, weights_path=None, **rest):
        begun.append(weights_path)
        return train(*arguments, weights_path=weights_path, **rest)

    monkeypatch.setattr(module, "train", counted)
    return begun


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_scores_do_not_depend_on_whether_the_weights_were_there(request_for, waves, tmp_path, deployment):
    fresh = scored(request_for(deployment), waves)
    first = scored(request_for(deployment, weights_folder=tmp_path), waves)
    second = scored(request_for(deployment, weights_folder=tmp_path), waves)
    assert fresh.metrics == first.metrics == second.metrics
    assert fresh.stderr == first.stderr == second.stderr


def test_the_deployments_of_an_architecture_share_one_training(request_for, waves, tmp_path, trainings):
    outcomes = [scored(request_for(deployment, weights_folder=tmp_path), waves) for deployment in DEPLOYMENTS[::-1]]
    assert trainings == [tmp_path / request_for(INT8).weights_name]
    assert [file.name for file in tmp_path.iterdir()] == [request_for(INT8).weights_name]
    assert [len(outcome.history) for outcome in outcomes] == [5, 0, 0, 0]  # four epochs, and one of fine-tuning


def test_other_seeds_and_efforts_have_trainings_of_their_own(request_for, waves, tmp_path, trainings):
    for change in ({}, {"seed": 1}, {"fidelity": Fidelity(2)}, {"fidelity": Fidelity(2, refit=True)}):
        scored(request_for(INT8, weights_folder=tmp_path, **change), waves)
    assert len(set(trainings)) == 4


def test_spoilt_weights_are_trained_again(request_for, waves, tmp_path, trainings):
    request = request_for(INT8, weights_folder=tmp_path)
    (tmp_path / request.weights_name).write_bytes(b"half a file")
    assert scored(request, waves).metrics == scored(request, waves).metrics
    assert len(trainings) == 1


def test_without_a_folder_the_default_deployment_keeps_no_weights(request_for, waves, trainings):
    scored(request_for(Deployment()), waves)
    assert trainings == [None]


def test_a_training_and_its_compression_are_timed_together(request_for, waves, tmp_path):
    first = scored(request_for(PRUNED, weights_folder=tmp_path), waves)
    second = scored(request_for(PRUNED, weights_folder=tmp_path), waves)
    assert first.history[4].train_loss == second.history[0].train_loss
    assert first.train_s > sum(record.elapsed_s for record in (first.history[3], first.history[4]))


@pytest.fixture
def taught_for(request_for):
    """Returns a request with a teacher; keywords replace its other fields."""
    teacher = request_for(Deployment(), seed=7)
    recipe = replace(teacher.recipe, distillation=0.5)
    return lambda deployment, **fields: request_for(deployment, recipe=recipe, teacher=teacher, **fields)


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_scores_do_not_depend_on_whether_the_teachers_weights_were_there(taught_for, waves, tmp_path, deployment):
    request = taught_for(deployment, weights_folder=tmp_path)
    fresh = scored(taught_for(deployment), waves)
    scored(replace(request.teacher, weights_folder=tmp_path), waves)
    assert fresh.metrics == scored(request, waves).metrics
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        [request.weights_name, request.teacher.weights_name]
    )


def test_a_teacher_is_trained_once_for_all_its_students(taught_for, waves, tmp_path, trainings):
    for seed in (0, 1):
        request = taught_for(Deployment(), weights_folder=tmp_path, seed=seed)
        scored(request, waves)
    assert len(trainings) == 3
    assert trainings[0] == tmp_path / request.teacher.weights_name


def test_a_student_learns_something_else_than_from_labels_alone(taught_for, request_for, waves):
    taught, plain = (scored(make(Deployment()), waves) for make in (taught_for, request_for))
    assert [r.validation_loss for r in taught.history] != [r.validation_loss for r in plain.history]


def test_the_seconds_of_a_teacher_that_had_to_be_trained_are_the_students(taught_for, waves, tmp_path, monkeypatch):
    def quick(*arguments, **rest):
        return replace(train(*arguments, **rest), train_s=10.0, train_core_s=5.0)

    monkeypatch.setattr(module, "train", quick)
    first = scored(taught_for(Deployment(), weights_folder=tmp_path), waves)
    other = scored(taught_for(Deployment(), weights_folder=tmp_path, seed=3), waves)
    assert (first.train_s, first.train_core_s) == (20.0, 10.0)
    assert (other.train_s, other.train_core_s) == (10.0, 5.0)


def test_a_stopped_training_leaves_no_weights_and_one_that_went_on_leaves_them(request_for, waves, tmp_path, trainings):
    stopped = scored(request_for(Deployment(), weights_folder=tmp_path, hurdle=Hurdle((1.0,))), waves)
    assert (stopped.stopped is not None, list(tmp_path.iterdir())) == (True, [])
    ended = request_for(Deployment(), weights_folder=tmp_path, hurdle=Hurdle((0.01,)))
    first, second = scored(ended, waves), scored(ended, waves)
    assert first.stopped is second.stopped is None
    assert first.metrics == second.metrics == scored(request_for(Deployment()), waves).metrics
    assert len(trainings) == 3  # stopped, ended, and the last one, which keeps no weights
