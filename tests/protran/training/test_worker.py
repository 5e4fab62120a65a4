import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.tasks.registry import load_task
from protran.training import worker
from protran.training.errors import TrainingError
from protran.training.hurdle import Hurdle, stop_of
from protran.training.recipe import Recipe
from protran.training.recordings import recordings_of
from protran.training.request import ENTRY, TrainingRequest
from search_spaces.errors import SpaceError


@pytest.fixture
def waves_file(waves, tmp_path):
    np.savez(tmp_path / "waves.npz", X=waves.train.signals, y=waves.train.labels, groups=waves.train.persons)
    return tmp_path / "waves.npz"


@pytest.fixture
def payload(waves_file, small):
    request = TrainingRequest.on(load_task(waves_file), small, Recipe(batch_size=16), Fidelity(2), 0)
    return json.loads(json.dumps(request.to_json()))


def test_the_entry_is_this_module():
    assert worker.__name__ == ENTRY


def test_a_request_is_answered_with_an_evaluation_in_json(payload):
    evaluation = Evaluation.from_json(json.loads(json.dumps(worker.handle(payload), allow_nan=False)))
    assert evaluation.status is EvaluationStatus.OK
    assert evaluation.training_key == TrainingRequest.from_json(payload).training_key
    assert evaluation.error.value == pytest.approx(1 - evaluation.metrics["validation_accuracy"])
    assert evaluation.error.stderr is not None
    assert evaluation.epochs == len(evaluation.details["history"]) == 2
    assert evaluation.train_s > 0


def test_equal_requests_get_equal_scores(payload):
    assert worker.handle(payload)["metrics"] == worker.handle(payload)["metrics"]


def test_the_deployed_model_is_scored_and_the_evaluation_says_so(payload, tmp_path):
    deployment = {"precision": "int8-dynamic", "runtime": "onnxruntime", "layers": [{"feed_forward_sparsity": 0.5}]}
    asked = {**payload, "deployment": deployment, "weights_folder": str(tmp_path / "weights")}
    evaluation = Evaluation.from_json(json.loads(json.dumps(worker.handle(asked), allow_nan=False)))
    assert evaluation.status is EvaluationStatus.OK
    assert evaluation.deployment.to_json() == deployment
    assert evaluation.training_key == TrainingRequest.from_json(asked).training_key
    assert evaluation.details["parameters"] < worker.handle(payload)["details"]["parameters"]
    assert [file.suffix for file in (tmp_path / "weights").iterdir()] == [".safetensors"]


def test_data_that_changed_is_a_failure_with_its_reason(payload, waves_file):
    np.savez(waves_file, X=np.zeros((12, 3, 40)), y=np.arange(12) % 3)
    answer = worker.handle(payload)
    assert (answer["status"], answer["metrics"]) == ("failed", {})
    assert "the data has changed" in answer["reason"]


@pytest.mark.parametrize("error", [TrainingError("the loss became nan"), SpaceError("the loss became nan")])
def test_a_training_that_fails_is_a_failure_with_its_reason_and_keys(payload, monkeypatch, error):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(worker, "scored", fail)
    answer = worker.handle(payload)
    assert (answer["status"], answer["reason"]) == ("failed", "the loss became nan")
    assert answer["training_key"] == TrainingRequest.from_json(payload).training_key


def test_a_task_that_is_gone_is_a_failure_with_its_reason(payload):
    payload["task"]["source"] = "absent.npz"
    assert "no such file" in worker.handle(payload)["reason"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"architecture": {"layers": []}}, "at least one layer"), ({"recipe": {"speed": 1}}, "unknown field 'speed'")],
)
def test_what_is_no_request_is_refused(payload, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        worker.handle({**payload, **change})


def test_warming_up_reads_the_default_task_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path))
    worker._data.cache_clear()
    worker.warm_up()
    worker.warm_up()
    assert worker._data.cache_info().misses == 1


def test_warming_up_without_the_default_task_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "file" / "cache"))
    worker._data.cache_clear()
    worker.warm_up()
    assert worker._data.cache_info().currsize == 0


def test_keys_recipes_and_requests_need_no_torch():
    code = "import sys, protran.training.request, protran.training.fidelity; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_evaluation_tells_who_taught(payload):
    request = TrainingRequest.from_json(payload)
    taught = replace(request, recipe=replace(request.recipe, distillation=0.5), teacher=replace(request, seed=1))
    evaluation = Evaluation.from_json(worker.handle(taught.to_json()))
    assert evaluation.status is EvaluationStatus.OK
    assert evaluation.details["teacher"] == taught.teacher.training_key
    assert "teacher" not in worker.handle(payload)["details"]


def test_an_evaluation_keeps_right_answers_by_recording(payload):
    evaluation = Evaluation.from_json(json.loads(json.dumps(worker.handle(payload), allow_nan=False)))
    for part in ("validation", "test"):
        counts = recordings_of(evaluation, part)
        assert sum(counts.correct) / sum(counts.total) == pytest.approx(evaluation.metrics[f"{part}_accuracy"])


def test_a_stopped_training_is_an_answer_that_says_so(payload):
    asked = replace(TrainingRequest.from_json(payload), hurdle=Hurdle((1.0,)))
    evaluation = Evaluation.from_json(json.loads(json.dumps(worker.handle(asked.to_json()), allow_nan=False)))
    assert (evaluation.status, evaluation.epochs) == (EvaluationStatus.OK, 1)
    assert evaluation.training_key == asked.training_key
    assert stop_of(evaluation).epoch == 1
    assert stop_of(Evaluation.from_json(worker.handle(payload))) is None
