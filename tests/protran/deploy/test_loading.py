from __future__ import annotations

import json

import numpy as np
import pytest

from protran.deploy.loading import CANDIDATE, WEIGHTS, load_exported
from protran.errors import InputError
from protran.tasks.registry import task_from_reference
from protran.training.errors import TrainingError


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    """A folder as an export in the format torch leaves it, without its texts."""
    made = tmp_path_factory.mktemp("torch")
    deployable = trained(weights=made)
    payload = {**deployable.member.candidate.to_json(), "input_spec": deployable.request.input_spec.to_json()}
    (made / CANDIDATE).write_text(json.dumps(payload))
    return (made / deployable.request.weights_name).rename(made / WEIGHTS).parent


def test_a_loaded_model_answers_recorded_windows_as_the_ledger_says(folder, trained):
    deployable, model = trained(), load_exported(folder)
    test = task_from_reference(deployable.request.task).load().test
    accuracy = float((model.logits(test.signals).argmax(1) == test.labels).mean())
    assert accuracy == pytest.approx(deployable.evaluation.metrics["test_accuracy"])
    assert model.candidate == deployable.member.candidate


def test_windows_of_another_shape_are_refused(folder):
    with pytest.raises(InputError, match="expected windows n x 3 x 24"):
        load_exported(folder).logits(np.zeros((2, 24, 3), dtype=np.float32))


def test_a_folder_without_an_export_is_refused(tmp_path):
    with pytest.raises(InputError, match="exported with --format torch"):
        load_exported(tmp_path)


def test_weights_of_another_candidate_are_refused(folder, tmp_path):
    payload = json.loads((folder / "candidate.json").read_text())
    payload["architecture"]["layers"][0]["feed_forward"] = [9]
    (tmp_path / "candidate.json").write_text(json.dumps(payload))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(TrainingError, match="of shape"):
        load_exported(tmp_path)
