"""Exports of small trained models, each checked by its own script in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from deployable_waves import INT8, NAMES

from protran.deploy import export as exporting
from protran.deploy.errors import DeployError, WrongScoresError
from protran.deploy.events import CheckBegan, EpochDone, TrainingBegan
from protran.deploy.export import export
from protran.deploy.format import Format
from protran.errors import InputError
from protran.tasks.registry import task_from_reference
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError
from search_spaces.models.onnx import onnx_metadata

STATIC = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME)
PRUNED = Deployment(layers=(LayerDeployment(0.5, 0.5),))
COMMON = {"README.md", "SHA256SUMS", "candidate.json", "preprocessing.json", "provenance.json", "requirements.txt"}

REFUSING = """
import runpy, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "protran", "search_spaces", "device_agents", "surrogates", "onnx"}:
            raise ImportError(f"{name} shall not be needed")
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    events = []
    done = export(trained(), tmp_path_factory.mktemp("out") / "model", observer=events.append)
    return done, events


def test_the_onnx_model_scores_what_the_ledger_says(exported, trained):
    found = exported[0].verification
    assert found.ok
    assert found.expected_from == "ledger"
    assert found.accuracy == pytest.approx(trained().evaluation.metrics["test_accuracy"], abs=1.01 / found.windows)


def test_the_folder_holds_all_that_it_takes(exported):
    done, _ = exported
    assert set(done.files) == {*COMMON, "model.onnx", "run.py"}
    assert {path.name for path in done.folder.iterdir()} == set(done.files)


def test_weights_that_were_not_kept_are_trained_again_and_told_of(exported, trained):
    done, events = exported
    assert not done.kept
    assert events[0] == TrainingBegan("the model", 3, trained().evaluation.train_s)
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2, 3]
    assert events[-1] == CheckBegan(done.verification.windows)


def test_the_script_needs_neither_torch_nor_this_package(exported, tmp_path):
    done, _ = exported
    windows = task_from_reference(done.deployable.request.task).load().test
    np.savez(tmp_path / "test.npz", X=windows.signals)
    command = [sys.executable, "-I", "-X", "utf8", "-c", REFUSING, str(done.folder / "run.py"), "test.npz"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    answers = [int(line.split(" ", 1)[0]) for line in ran.stdout.splitlines()]
    assert int((np.array(answers) == windows.labels).sum()) == done.verification.correct
    assert "\x1b" not in ran.stdout


def test_the_script_reads_npy_and_csv_alike(exported, tmp_path):
    done, _ = exported
    windows = task_from_reference(done.deployable.request.task).load().test.signals[:4]
    np.save(tmp_path / "a.npy", windows)
    np.savetxt(tmp_path / "a.csv", windows.swapaxes(1, 2).reshape(-1, 3), delimiter=",", fmt="%.9g")
    outputs = [_run(done.folder, tmp_path / name).stdout for name in ("a.npy", "a.csv")]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("\n") == 4


@pytest.mark.parametrize("windows", [np.zeros((2, 24, 3)), np.full((2, 3, 24), np.nan), np.zeros((3, 24))])
def test_the_script_refuses_what_are_no_windows(exported, tmp_path, windows):
    np.save(tmp_path / "a.npy", windows)
    ran = _run(exported[0].folder, tmp_path / "a.npy")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "expected finite windows x 3 channels x 24 samples" in ran.stderr


def _run(folder, path):
    command = [sys.executable, "-I", "-X", "utf8", str(folder / "run.py"), str(path)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_the_file_says_where_it_comes_from(exported):
    import onnx

    done, _ = exported
    found = {entry.key: entry.value for entry in onnx.load(done.folder / "model.onnx").metadata_props}
    assert found["training_key"] == done.deployable.request.training_key
    assert found["candidate_key"] == done.deployable.member.candidate.key
    assert json.loads(found["classes"]) == sorted(NAMES)
    assert onnx_metadata(done.folder / "model.onnx").architecture == done.candidate.architecture


def test_the_documents_keep_names_as_data_and_no_paths(exported, task_file):
    folder = exported[0].folder
    assert json.loads((folder / "preprocessing.json").read_text())["classes"] == sorted(NAMES)
    told = json.loads((folder / "provenance.json").read_text())
    assert told["training"]["task"]["source"] == task_file.name
    assert told["test"]["ok"]
    for path in folder.iterdir():
        assert str(task_file.parent).encode() not in path.read_bytes(), path.name


def test_kept_weights_are_taken(trained, tmp_path):
    weights = tmp_path / "weights"
    deployable = dataclasses.replace(trained(INT8, weights=weights), weights_folders=(tmp_path / "no", weights))
    events = []
    done = export(deployable, tmp_path / "out", observer=events.append)
    assert done.kept
    assert [type(event) for event in events] == [CheckBegan]
    assert done.verification.difference_windows == pytest.approx(0)


def test_spoilt_weights_are_trained_again(trained, tmp_path):
    deployable = dataclasses.replace(trained(), weights_folders=(tmp_path,))
    (tmp_path / deployable.request.weights_name).write_bytes(b"no safetensors")
    assert not export(deployable, tmp_path / "out").kept


@pytest.mark.parametrize(
    ("deployment", "teacher"),
    [(STATIC, False), (PRUNED, True), (dataclasses.replace(INT8, layers=PRUNED.layers), False)],
)
def test_a_deployment_is_exported_as_it_was_scored(trained, tmp_path, deployment, teacher):
    done = export(trained(deployment, teacher), tmp_path / "out")
    assert done.verification.expected_from == "ledger"
    assert done.verification.difference_windows <= 1


def test_quantised_weights_are_scored_anew(trained, tmp_path):
    done = export(trained(), tmp_path / "out", quantize=True)
    assert done.verification.expected_from == "scored now"
    assert done.candidate.deployment == INT8
    assert "were not measured" in " ".join((done.folder / "README.md").read_text().split())


def test_quantised_weights_that_the_ledger_knows_are_compared_with_it(trained, tmp_path):
    plain, known = trained(), trained(INT8).evaluation
    deployable = dataclasses.replace(plain, evaluations={**plain.evaluations, known.training_key: known})
    assert export(deployable, tmp_path / "out", quantize=True).verification.expected_from == "ledger"


@pytest.mark.slow
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_the_torch_format_answers_by_this_package(trained, tmp_path, precision):
    done = export(trained(Deployment(precision)), tmp_path / "out", Format.TORCH)
    assert set(done.files) == {*COMMON, "model.safetensors", "run.py"}
    assert done.verification.difference_windows <= 1


def _off_by(deployable, accuracy):
    wrong = dataclasses.replace(deployable.evaluation, metrics={"test_accuracy": accuracy})
    return dataclasses.replace(deployable, evaluation=wrong, evaluations={wrong.training_key: wrong})


def test_a_wrong_score_is_an_error_and_the_folder_is_marked(trained, tmp_path):
    with pytest.raises(WrongScoresError, match="do not use it") as caught:
        export(_off_by(trained(), 0.001), tmp_path / "out")
    assert "DO-NOT-USE.txt" in caught.value.exported.files
    assert "DO NOT USE" in (tmp_path / "out" / "README.md").read_text()
    assert not json.loads((tmp_path / "out" / "provenance.json").read_text())["test"]["ok"]


def test_one_window_more_or_less_is_no_error(trained, exported, tmp_path):
    found = exported[0].verification
    near = (found.correct + 1) / found.windows
    assert export(_off_by(trained(), near), tmp_path / "out").verification.ok


def test_a_script_that_fails_leaves_nothing(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "script_for", lambda form: "raise SystemExit('broken')")
    with pytest.raises(DeployError, match="broken"):
        export(trained(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_taken_folder_is_refused_before_any_work(trained, tmp_path):
    (tmp_path / "thing").write_text("mine")
    events = []
    with pytest.raises(InputError, match="new or an empty folder"):
        export(trained(), tmp_path, observer=events.append)
    assert events == []
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_hf_says_what_is_not_stock(trained, tmp_path):
    with pytest.raises(SpaceError, match="heads of the kind"):
        export(trained(), tmp_path / "out", Format.HF)
    assert not (tmp_path / "out").exists()


def test_data_that_has_changed_is_refused(trained, tmp_path):
    deployable = trained()
    task = {**deployable.request.task, "version": "another"}
    changed = dataclasses.replace(deployable, request=dataclasses.replace(deployable.request, task=task))
    with pytest.raises(InputError, match="has changed"):
        export(changed, tmp_path / "out")
