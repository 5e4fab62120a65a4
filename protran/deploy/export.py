"""Writes the folder of an export: the model, what feeds it, a card, a script; and lets the script prove itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from protran.deploy.card import CARD, model_card
from protran.deploy.deployable import Deployable
from protran.deploy.documents import (
    PREPROCESSING,
    PROVENANCE,
    candidate_document,
    preprocessing,
    properties,
    provenance,
)
from protran.deploy.errors import DeployError, WrongScoresError
from protran.deploy.events import CheckBegan, Observer, nobody
from protran.deploy.exported import Exported
from protran.deploy.folder import check_free, filled, write_json
from protran.deploy.format import Format, exported_candidate
from protran.deploy.loading import CANDIDATE, WEIGHTS
from protran.deploy.onnx_file import write_onnx
from protran.deploy.scripts import REQUIREMENTS, script_for
from protran.deploy.trained import TrainedModel, trained_model
from protran.deploy.verification import Verification, right_answers
from protran.tasks.base import TaskData
from protran.tasks.registry import task_from_reference
from protran.training.compress import calibration_windows
from protran.training.predictor import predictor, score
from protran.training.weights import save_weights
from search_spaces.candidate import Candidate
from search_spaces.deployment import Precision

MODEL, SCRIPT, MARK = "model.onnx", "run.py", "DO-NOT-USE.txt"


def export(
    deployable: Deployable,
    out: Path,
    form: Format = Format.ONNX,
    *,
    quantize: bool = False,
    observer: Observer | None = None,
) -> Exported:
    """Writes a verified candidate's trained model into a new folder, whole or not at all, and checks its score.

    Args:
        deployable: what is exported.
        out: the folder; it must not exist yet, or be empty.
        form: onnx or torch; hf is refused for what is no stock architecture.
        quantize: of a candidate in fp32, write the int8 version of the same weights.
        observer: is told how far it is.

    Raises:
        InputError: the folder is taken, or the format cannot hold the candidate; nothing was written.
        SpaceError: as `exported_candidate`, or onnx or onnxruntime is not installed; nothing was written.
        TaskError: the task's data is not there any more, or has changed; nothing was written.
        TrainingError: the model could not be trained again; nothing was written.
        WrongScoresError: the model does not score what it should, by more than one window: the folder is marked.
        DeployError: the folder cannot be written.
    """
    tell = observer or nobody
    request = deployable.request
    candidate = exported_candidate(deployable.member.candidate, form, request.input_spec, quantize=quantize)
    check_free(out)
    data = task_from_reference(request.task).load()
    model = trained_model(
        request, data, deployable.weights_folders, tell, expected_s=deployable.evaluation.train_s or None
    )
    expected, source = _expected(deployable, candidate, model, data)
    unchecked = Verification(len(data.test), 0, expected, source)
    exported = Exported(out, form, deployable, candidate, model.normalisation, model.kept, unchecked)
    with filled(out) as folder:
        _write_model(folder, exported, model, data)
        tell(CheckBegan(len(data.test)))
        correct = right_answers(folder / SCRIPT, data.test)
        exported = dataclasses.replace(exported, verification=dataclasses.replace(unchecked, correct=correct))
        _write_texts(folder, exported, data)
    exported = dataclasses.replace(exported, files=tuple(sorted(path.name for path in out.iterdir())))
    if not exported.verification.ok:
        raise WrongScoresError(_wrong(exported), exported)
    return exported


def _expected(deployable: Deployable, candidate: Candidate, model: TrainedModel, data: TaskData) -> tuple[float, str]:
    """Returns the test accuracy that the export must have, and who says so."""
    request = dataclasses.replace(deployable.request, deployment=candidate.deployment)
    known = deployable.evaluations.get(request.training_key)
    if known is not None:
        return known.metrics["test_accuracy"], "ledger"
    if candidate.deployment.precision is not Precision.INT8_DYNAMIC:
        raise DeployError(
            f"expected the ledger's score of training {request.training_key}, got none; it was made by another version "
            f"of this program, use that one"
        )
    predict = predictor(model.model, candidate, ())
    now = score(predict, data.test, model.normalisation, len(data.classes))
    return now.accuracy.value, "scored now"


def _write_model(folder: Path, exported: Exported, model: TrainedModel, data: TaskData) -> None:
    """Writes the model and what the script needs to run it."""
    candidate, seed = exported.candidate, exported.deployable.request.seed
    write_json(folder / CANDIDATE, candidate_document(exported))
    write_json(folder / PREPROCESSING, preprocessing(exported, data))
    if exported.form is Format.ONNX:
        static = candidate.deployment.precision is Precision.INT8_STATIC
        calibration = calibration_windows(data, model.normalisation, seed) if static else ()
        write_onnx(model.model, folder / MODEL, candidate, model.normalisation, calibration, properties(exported, data))
    else:
        save_weights(model.model, model.normalisation, folder / WEIGHTS)
    (folder / SCRIPT).write_text(script_for(exported.form), encoding="utf-8")
    (folder / "requirements.txt").write_text(REQUIREMENTS[exported.form], encoding="ascii")


def _write_texts(folder: Path, exported: Exported, data: TaskData) -> None:
    """Writes what tells of the model, its score included."""
    write_json(folder / PROVENANCE, provenance(exported))
    (folder / CARD).write_text(model_card(exported, data), encoding="utf-8")
    if not exported.verification.ok:
        (folder / MARK).write_text(f"{_wrong(exported)}\n", encoding="utf-8")


def _wrong(exported: Exported) -> str:
    found = exported.verification
    why = (
        "the kept weights run otherwise here"
        if exported.kept
        else "trained again, the weights came out otherwise; export on the machine that trained them, with its versions"
    )
    return (
        f"expected a test accuracy of {100 * found.expected_accuracy:.2f} % ({found.expected_from}) within one of "
        f"{found.windows} windows, got {100 * found.accuracy:.2f} % from the exported model: {why}; do not use it"
    )
