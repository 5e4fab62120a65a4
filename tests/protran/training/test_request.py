import json
from dataclasses import replace
from pathlib import Path

import pytest

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.tasks.registry import load_task
from protran.training.hurdle import Hurdle
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError


@pytest.fixture
def request_on_watch(small):
    return TrainingRequest.on(load_task("watch"), small, Recipe(dropout=0.2), Fidelity(2, 0.5), seed=4)


INT8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME, threads=2, layers=(LayerDeployment(0.5),))


def test_json_gives_the_request_again(request_on_watch):
    full = replace(request_on_watch, deployment=INT8, weights_folder=Path("a/b"))
    assert TrainingRequest.from_json(json.loads(json.dumps(full.to_json()))) == full


def test_where_the_weights_are_kept_is_no_part_of_the_key(request_on_watch):
    assert replace(request_on_watch, weights_folder=Path("x")).training_key == request_on_watch.training_key
    assert replace(request_on_watch, seed=5).training_key != request_on_watch.training_key


def test_what_changes_no_score_is_no_part_of_the_request(request_on_watch):
    threaded = Deployment(runtime=Runtime.ONNXRUNTIME, threads=4)
    assert replace(request_on_watch, deployment=threaded) == request_on_watch


def test_deployments_of_one_training_share_its_weights_but_not_its_key(request_on_watch):
    int8 = replace(request_on_watch, deployment=INT8)
    assert int8.weights_name == request_on_watch.weights_name
    assert int8.weights_name == f"{request_on_watch.training_key}.safetensors"
    assert int8.training_key != request_on_watch.training_key


def test_a_request_in_the_default_deployment_reads_as_it_always_did(request_on_watch):
    assert not {"deployment", "weights_folder"} & request_on_watch.to_json().keys()


def test_a_deployment_of_another_depth_is_refused(request_on_watch):
    with pytest.raises(SpaceError, match="deployment of 1 layers"):
        replace(request_on_watch, deployment=Deployment(layers=(LayerDeployment(0.5),) * 2))


def test_a_request_without_its_parts_is_refused(request_on_watch):
    payload = request_on_watch.to_json()
    del payload["fidelity"]
    with pytest.raises(InputError, match="'fidelity' is missing"):
        TrainingRequest.from_json(payload)


@pytest.fixture
def taught(request_on_watch):
    """A request that has a teacher, which had one itself."""
    recipe = replace(request_on_watch.recipe, distillation=0.5)
    teacher = replace(request_on_watch, seed=9, recipe=recipe, teacher=request_on_watch, deployment=INT8)
    return replace(request_on_watch, recipe=recipe, teacher=teacher)


def test_json_gives_a_taught_request_again(taught):
    assert TrainingRequest.from_json(json.loads(json.dumps(taught.to_json()))) == taught


def test_the_teacher_is_in_the_keys_of_training_and_weights(taught):
    other = replace(taught, teacher=replace(taught.teacher, seed=10))
    assert other.training_key != taught.training_key
    assert other.weights_name != taught.weights_name


def test_a_teachers_own_teacher_is_in_the_key_too(taught, request_on_watch):
    other = replace(taught.teacher, teacher=replace(request_on_watch, seed=1))
    assert replace(taught, teacher=other).training_key != taught.training_key


def test_a_teacher_teaches_in_fp32_wherever_its_weights_are_kept(taught):
    assert taught.teacher.deployment == Deployment()
    moved = replace(taught, teacher=replace(taught.teacher, weights_folder=Path("x"), deployment=INT8))
    assert moved == taught


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_a_recipe_and_a_teacher_belong_together(request_on_watch, weight):
    recipe = replace(request_on_watch.recipe, distillation=weight)
    with pytest.raises(InputError, match="expected a teacher where the recipe's distillation is above 0"):
        replace(request_on_watch, recipe=recipe, teacher=None if weight else request_on_watch)


def test_a_teacher_that_saw_the_validation_windows_teaches_nobody_who_is_scored_on_them(taught):
    refitted = replace(taught.teacher, fidelity=Fidelity(2, refit=True))
    with pytest.raises(InputError, match="has not seen the validation windows"):
        replace(taught, teacher=refitted)
    assert replace(taught, teacher=refitted, fidelity=Fidelity(2, refit=True)).teacher == refitted


def test_a_teacher_of_another_task_is_refused(taught, request_on_watch):
    other = replace(request_on_watch, task_name="other", task={"version": "9"})
    with pytest.raises(InputError, match="expected a teacher of the same task, watch, got one of other"):
        replace(taught, teacher=other)


def test_json_gives_a_request_with_a_hurdle_again(request_on_watch):
    hurdled = replace(request_on_watch, hurdle=Hurdle((0.3,)))
    assert TrainingRequest.from_json(json.loads(json.dumps(hurdled.to_json()))) == hurdled
    assert "hurdle" not in request_on_watch.to_json()


def test_a_hurdle_changes_the_key_and_not_the_weights_that_a_finished_training_leaves(request_on_watch):
    hurdled = replace(request_on_watch, hurdle=Hurdle((0.3,)))
    assert hurdled.training_key != request_on_watch.training_key
    assert hurdled.weights_name == request_on_watch.weights_name


@pytest.mark.parametrize("change", [{"fidelity": Fidelity(2, refit=True)}, {"deployment": INT8}])
def test_a_training_whose_weights_others_need_has_no_hurdle(request_on_watch, change):
    with pytest.raises(InputError, match="expected a hurdle for a short training"):
        replace(request_on_watch, hurdle=Hurdle((0.3,)), **change)


def test_a_taught_training_has_no_hurdle(taught):
    with pytest.raises(InputError, match="expected a hurdle for a short training"):
        replace(taught, hurdle=Hurdle((0.3,)))
