import json
from dataclasses import replace
from pathlib import Path

import pytest

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.tasks.registry import load_task
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
