from dataclasses import replace
from pathlib import Path

import pytest

from protran.errors import InputError
from protran.fidelity import Fidelity
from protran.tasks.registry import load_task
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest


@pytest.fixture
def request_on_watch(small):
    return TrainingRequest.on(load_task("watch"), small, Recipe(dropout=0.2), Fidelity(2, 0.5), seed=4)


def test_json_gives_the_request_again(request_on_watch):
    with_path = replace(request_on_watch, weights_path=Path("a/b.safetensors"))
    assert TrainingRequest.from_json(with_path.to_json()) == with_path


def test_where_the_weights_go_is_no_part_of_the_key(request_on_watch):
    assert replace(request_on_watch, weights_path=Path("x")).training_key == request_on_watch.training_key
    assert replace(request_on_watch, seed=5).training_key != request_on_watch.training_key


def test_a_request_without_its_parts_is_refused(request_on_watch):
    payload = request_on_watch.to_json()
    del payload["fidelity"]
    with pytest.raises(InputError, match="'fidelity' is missing"):
        TrainingRequest.from_json(payload)
