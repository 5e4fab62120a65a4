"""The study's jobs, in this process."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from types import SimpleNamespace

import pytest

from device_agents.meters.spec import MeterSpec
from protran.studies.compression import timing, worker
from protran.studies.compression.models import StudyModel
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.timing import subject_of
from protran.studies.compression.variant import Variant
from search_spaces.candidate import Candidate

SCORES = ("accuracy", "macro_f1", "validation_accuracy", "validation_macro_f1")


def test_a_training_leaves_its_weights_and_says_how_long_it_took(plan: StudyPlan, tiny: StudyModel) -> None:
    answer = worker.handle(plan.training_job(tiny, 0))
    assert (answer["status"], answer["epochs"]) == ("ok", 2)
    assert answer["train_core_s"] > 0
    assert plan.weights(tiny, 0).is_file()


def test_equal_jobs_have_equal_scores_and_repeats_do_not(plan: StudyPlan, tiny: StudyModel) -> None:
    rows = []
    for repeat in (0, 0, 1):
        worker.handle(plan.training_job(tiny, repeat))
        answer = worker.handle(plan.scoring_job(tiny, [Variant.FP32], repeat))
        rows.append({name: answer["rows"][0][name] for name in SCORES})
    weights = [plan.weights(tiny, repeat).read_bytes() for repeat in (0, 1)]
    assert rows[0] == rows[1]
    assert weights[0] != weights[1]


def test_a_student_is_taught_by_the_teacher_of_its_repeat(plan: StudyPlan, tiny: StudyModel) -> None:
    alone, taught = plan.models[1], plan.models[2]
    missing = worker.handle(plan.training_job(taught, 0))
    assert missing["status"] == "failed"
    assert f"{tiny.key}-0.safetensors" in missing["reason"]
    for model in (tiny, alone, taught):
        assert worker.handle(plan.training_job(model, 0))["status"] == "ok"
    assert plan.weights(alone, 0).read_bytes() != plan.weights(taught, 0).read_bytes()


def test_a_missing_library_fails_the_variants_that_need_it_and_no_other(
    plan: StudyPlan, tiny: StudyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.handle(plan.training_job(tiny, 0))
    monkeypatch.setitem(sys.modules, "onnx", None)
    answer = worker.handle(plan.scoring_job(tiny, [Variant.ONNX, Variant.FP32], 0))
    onnx, torch = answer["rows"]
    assert (onnx["status"], torch["status"]) == ("failed", "ok")
    assert "pip install 'protran[onnx]'" in onnx["reason"]


def test_an_unexpected_error_costs_one_variant_and_not_its_neighbours(
    plan: StudyPlan, tiny: StudyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.deploy

    def failing(trained, variant):
        if variant is Variant.SPARSE_L1:
            raise RuntimeError("a bug of a library")
        return real(trained, variant)

    worker.handle(plan.training_job(tiny, 0))
    monkeypatch.setattr(worker, "deploy", failing)
    rows = worker.handle(plan.scoring_job(tiny, [Variant.SPARSE_L1, Variant.FP32], 0))["rows"]
    assert [row["status"] for row in rows] == ["failed", "ok"]
    assert rows[0]["reason"] == "RuntimeError('a bug of a library')"


def test_a_loss_that_is_no_number_is_a_failed_training(plan: StudyPlan, tiny: StudyModel) -> None:
    wild = dataclasses.replace(tiny, recipe=dataclasses.replace(tiny.recipe, learning_rate=10.0))
    job = plan.training_job(dataclasses.replace(wild, fidelity=dataclasses.replace(wild.fidelity, epochs=60)), 0)
    job["seed"] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("protran.training.train.training_loss", lambda logits, *rest: logits.sum() * float("nan"))
        answer = worker.handle(job)
    assert answer["status"] == "failed"
    assert answer["reason"].startswith("the loss became nan")
    assert not plan.weights(tiny, 0).exists()


def test_files_are_kept_only_of_repeats_that_are_timed(plan: StudyPlan, tiny: StudyModel) -> None:
    for repeat in (0, 1):
        worker.handle(plan.training_job(tiny, repeat))
        worker.handle(plan.scoring_job(tiny, [Variant.PRUNED], repeat))
    file = plan.found_file(tiny, Variant.PRUNED, 0)
    assert file is not None
    assert plan.found_file(tiny, Variant.PRUNED, 1) is None


@pytest.mark.parametrize("variant", [Variant.PRUNED, Variant.INT8_STATIC])
def test_a_kept_file_can_be_called_as_it_is_timed(plan: StudyPlan, tiny: StudyModel, variant: Variant) -> None:
    worker.handle(plan.training_job(tiny, 0))
    (row,) = worker.handle(plan.scoring_job(tiny, [variant], 0))["rows"]
    file, candidate = plan.found_file(tiny, variant, 0), Candidate.from_json(json.loads(row["candidate"]))
    assert file is not None
    subject = subject_of(file, candidate, plan.input_spec)
    subject.prepare()
    subject.call()
    assert subject.renew is not None
    subject.renew().call()


def test_a_timing_is_the_products_own_measurement_beside_the_noted_reference(
    plan: StudyPlan, tiny: StudyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.handle(plan.training_job(tiny, 0))
    (row,) = worker.handle(plan.scoring_job(tiny, [Variant.FP32], 0))["rows"]
    asked = []
    measured = timing.Measurement.from_json(
        {
            "request_id": "r",
            "device_identity": "d",
            "status": "ok",
            "values": {
                "latency_s": {"value": 0.002, "stderr": 1e-5, "provenance": "measured-counter"},
                "core_seconds": {"value": 0.002, "stderr": 1e-5, "provenance": "measured-counter"},
                "energy_j": {"value": None, "stderr": None, "provenance": "unavailable"},
            },
            "flags": ["contended"],
            "reason": "",
            "blocks": {},
            "details": {},
            "started_at": "",
        }
    )

    def measure(request, bench):
        asked.append((request, bench))
        bench.load(request).call()
        return measured

    monkeypatch.setattr(timing, "measure", measure)
    monkeypatch.setattr(timing, "ExclusiveUse", lambda identity: SimpleNamespace(held=contextlib.nullcontext))
    base = {"latency_s": 1e-3, "stderr_s": 0.0, "clean_share": 1.0, "contended": False, "ratio_stderr": 0.0}
    payload = {
        "job": "time",
        "file": str(plan.found_file(tiny, Variant.FP32, 0)),
        "candidate": row["candidate"],
        "input_spec": plan.input_spec.to_json(),
        "repeat": 0,
        "meter": MeterSpec().to_json(),
        "references": {"base": base, "32x32": base},
    }
    answer = worker.handle(payload)
    assert (answer["status"], answer["latency_s"], answer["energy_j"], answer["flags"]) == (
        "ok", 0.002, None, "contended",
    )  # fmt: skip
    assert answer["loop_s"] > 0
    assert asked[0][1].reference_latency.latency_s == 1e-3
